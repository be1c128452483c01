namespace Tendering.Verify.Tests;

/// <summary>Published test vectors, kept in <c>shared/vectors</c> beside the project or one of its ancestors; a test that does not find them is skipped.</summary>
internal static class Vectors
{
    public static string Folder(string name)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared", "vectors", name);
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        Assert.Skip($"shared/vectors/{name} was not found above {AppContext.BaseDirectory}.");
        return "";
    }
}
