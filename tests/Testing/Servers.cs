using Npgsql;

namespace Tendering.Testing;

/// <summary>The real servers that tests run against, named in the environment as everywhere else; `make test` starts them.</summary>
public static class Servers
{
    public static string Postgres => Environment.GetEnvironmentVariable("TENDERING_POSTGRES") ?? throw new InvalidOperationException("TENDERING_POSTGRES is not set: run the tests by 'make test'.");
    public static string Rabbit => Environment.GetEnvironmentVariable("TENDERING_RABBIT") ?? throw new InvalidOperationException("TENDERING_RABBIT is not set: run the tests by 'make test'.");

    /// <summary>The connection of a service to a database of this run's own.</summary>
    public static string ConnectionOf(string service, string run)
    {
        var name = $"t_{service.Replace("-", "", StringComparison.Ordinal)}_{run}";
        return new NpgsqlConnectionStringBuilder(Postgres) { Database = name, Username = name, Password = run, MaxPoolSize = 20 }.ConnectionString;
    }

    public static async Task DropAsync(string connection)
    {
        var target = new NpgsqlConnectionStringBuilder(connection);
        await using var server = new NpgsqlConnection(Postgres);
        await server.OpenAsync();
        foreach (var sql in new[] { $"drop database if exists {target.Database} with (force)", $"drop role if exists {target.Username}", $"drop role if exists {target.Username}_owner" })
        {
            await using var command = new NpgsqlCommand(sql, server);
            await command.ExecuteNonQueryAsync();
        }
    }

    /// <summary>The folder that is given beside the checkout (vectors, data, law); a test that does not find it is skipped with this reason.</summary>
    public static string Shared(string path)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var found = Path.Combine(folder.FullName, "shared", path);
            if (Path.Exists(found)) return found;
        }
        Xunit.Assert.Skip($"shared/{path} is not beside the checkout.");
        return "";
    }
}
