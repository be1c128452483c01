using Tendering.Testing;

namespace Tendering.Credit.Tests;

public sealed class CreditHost() : ServiceFixture(CreditService.Name, CreditService.Add, CreditService.Map);
