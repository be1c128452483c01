using Tendering.TimestampAuthority;

var builder = WebApplication.CreateSlimBuilder(args);
await using var app = AuthorityHost.Build(builder, builder.Configuration["TimestampAuthority:Folder"] ?? throw new InvalidOperationException("TimestampAuthority:Folder is not set."));
await app.RunAsync();
