namespace Tendering.Bid.Tests;

public sealed class CommandLineTests : IDisposable
{
    private readonly Desk _desk = new();

    [Fact]
    public async Task Help_names_every_command_and_how_secrets_are_given()
    {
        var help = await _desk.RunAsync([]);
        Assert.Equal(0, help.Code);
        foreach (var word in new[] { "keys custodian", "seal", "upload", "submit", "withdraw", "receipt", "release", "recover", "BID_PASSPHRASE", "--secrets-stdin" }) Assert.Contains(word, help.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("frobnicate", "no command")]
    [InlineData("keys", "no command")]
    [InlineData("status", "also needs --lot")]
    [InlineData("status --lot", "needs a value")]
    [InlineData("status --lot --user x", "needs a value")]
    [InlineData("status --lot 5", "must be an id")]
    [InlineData("status --lot 00000000-0000-0000-0000-000000000000 --gateway http://127.0.0.1:9 --user x", "must be an id")]
    [InlineData("status --lot a --lot b", "given twice")]
    [InlineData("status --lot a --colour red", "knows no --colour")]
    [InlineData("status stray", "takes options only")]
    [InlineData("status --lot 0198a000-0000-7000-8000-000000000001 --user x --client-id y --gateway http://127.0.0.1:9", "exclude each other")]
    [InlineData("status --lot 0198a000-0000-7000-8000-000000000001 --gateway http://127.0.0.1:9", "Say who signs in")]
    [InlineData("notice --tender 0198a000-0000-7000-8000-000000000001 --out x", "--gateway is missing")]
    [InlineData("notice --tender 0198a000-0000-7000-8000-000000000001 --out x --gateway ftp://a", "no address")]
    [InlineData("notice --tender 0198a000-0000-7000-8000-000000000001 --out x --gateway http://me:word@a", "no address")]
    [InlineData("notice --tender 0198a000-0000-7000-8000-000000000001 --out x --gateway http://a --patience -5", "must be a number")]
    public async Task A_line_that_cannot_be_understood_says_what_to_write_instead(string line, string says)
    {
        var ended = await _desk.RunAsync(line.Split(' '));
        Assert.Equal(2, ended.Code);
        Assert.StartsWith("usage: ", ended.Errors, StringComparison.Ordinal);
        Assert.Contains(says, ended.Errors, StringComparison.Ordinal);
        Assert.Equal("", ended.Output);
    }

    [Theory]
    [InlineData("--password")]
    [InlineData("--passphrase=hunter2hunter2")]
    [InlineData("--client-secret")]
    [InlineData("--token")]
    public async Task A_secret_on_the_command_line_is_refused_and_not_repeated(string option)
    {
        var ended = await _desk.RunAsync(["status", "--lot", "0198a000-0000-7000-8000-000000000001", option, "hunter2hunter2"]);
        Assert.Equal(2, ended.Code);
        Assert.Contains("Secrets do not stand on the command line", ended.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_json_a_failure_is_one_line_of_json_on_standard_error()
    {
        var ended = await _desk.RunAsync(["status", "--json"]);
        Assert.Equal((2, "usage", ""), (ended.Code, ended.Error, ended.Output));
        Assert.Single(ended.Errors.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Secrets_come_from_a_private_file_or_standard_input_before_the_environment()
    {
        _desk.Variables[Secrets.Passphrase] = "too short";
        Assert.Equal("passphrase-too-short", (await Key("a")).Error);
        await File.WriteAllTextAsync(_desk.At("env"), $"# secrets\n{Secrets.Passphrase}=from the file = with a sign\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_desk.At("env"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
            Assert.Equal("env-file-open", (await Key("b", "--env-file", _desk.At("env"))).Error);
            File.SetUnixFileMode(_desk.At("env"), UnixFileMode.UserRead);
        }
        Assert.Equal(0, (await Key("c", "--env-file", _desk.At("env"))).Code);
        Protocols.CustodianKey.ImportProtected(await File.ReadAllTextAsync(_desk.At("c")), "from the file = with a sign").Dispose();
        Assert.Equal(0, (await _desk.RunAsync(["keys", "recovery", "--out", _desk.At("d"), "--secrets-stdin"], $"{Secrets.Passphrase}=from standard input\n")).Code);
        Protocols.CustodianKey.ImportProtected(await File.ReadAllTextAsync(_desk.At("d")), "from standard input").Dispose();
        var wrong = await _desk.RunAsync(["keys", "recovery", "--out", _desk.At("e"), "--secrets-stdin"], "hunter2hunter2\n");
        Assert.Equal(2, wrong.Code);
        Assert.DoesNotContain("hunter2", wrong.Errors, StringComparison.Ordinal);

        Task<Ended> Key(string name, params string[] more) => _desk.RunAsync(["keys", "recovery", "--json", "--out", _desk.At(name), .. more]);
    }

    [Fact]
    public async Task A_secret_that_nobody_gave_and_nobody_can_be_asked_for_is_missed()
    {
        _desk.Variables.Clear();
        var ended = await _desk.RunAsync(["keys", "recovery", "--out", _desk.At("x")]);
        Assert.Equal(2, ended.Code);
        Assert.Contains("BID_PASSPHRASE is not given", ended.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(_desk.At("x")));
    }

    public void Dispose() => _desk.Dispose();
}
