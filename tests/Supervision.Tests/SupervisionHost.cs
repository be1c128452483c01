using Tendering.Testing;

namespace Tendering.Supervision.Tests;

public sealed class SupervisionHost() : ServiceFixture(SupervisionService.Name, SupervisionService.Add, SupervisionService.Map);
