using Tendering.ServiceDefaults;

namespace Tendering.AllInOne;

/// <summary>Brings every service's database up to date with the administrator's connection in <c>TENDERING_POSTGRES</c>.</summary>
internal static class Migrations
{
    public static async Task<int> RunAsync(WebApplicationBuilder builder)
    {
        var administrator = builder.Configuration["TENDERING_POSTGRES"];
        if (administrator is null)
        {
            await Console.Error.WriteLineAsync("TENDERING_POSTGRES is not set: an administrator's connection string is needed to migrate.");
            return 2;
        }
        var services = builder.Services.Select(s => s.ImplementationInstance).OfType<ServiceName>().ToList();
        foreach (var (service, i) in services.Select((s, i) => (s, i + 1)))
        {
            IReadOnlyList<Migrator.Applied> applied;
            try { applied = await Migrator.MigrateAsync(administrator, service.ConnectionString, service.Assembly, CancellationToken.None); }
            catch (Exception e) when (e is InvalidOperationException or Npgsql.NpgsqlException)
            {
                await Console.Error.WriteLineAsync($"[{i}/{services.Count}] {service.Name}: {e.Message}");
                return 1;
            }
            Console.WriteLine($"[{i}/{services.Count}] {service.Name}: {(applied.Count == 0 ? "up to date" : string.Join(", ", applied.Select(a => a.Name)))}");
        }
        return 0;
    }
}
