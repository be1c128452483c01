namespace Tendering.Tenders.Tests.Domain;

public class LifeOfATenderTests
{
    [Fact]
    public void The_page_says_what_the_tables_say()
    {
        var path = Path.Combine(Root(), "docs", "domain", "life-of-a-tender.md");
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1") File.WriteAllText(path, LifeOfATender.Page());
        Assert.Equal(LifeOfATender.Page(), File.ReadAllText(path));
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Tendering.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException("The tests do not run inside the checkout.");
    }
}
