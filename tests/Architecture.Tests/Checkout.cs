using System.Reflection;

namespace Tendering.Architecture.Tests;

/// <summary>A file of the checkout: its path from the root with forward slashes, and what is in it.</summary>
public sealed record SourceFile(string Path, string Text)
{
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);
    public IEnumerable<(int Number, string Text)> Lines => Text.Split('\n').Select((line, index) => (index + 1, line));
}

/// <summary>The checkout that the tests were built from.</summary>
public static class Checkout
{
    private static readonly string[] NotOurs = ["bin", "obj", ".git", ".run", "node_modules", "TestResults", "dist"];
    private static readonly string[] Text =
        [".cs", ".csproj", ".props", ".targets", ".sln", ".sql", ".json", ".md", ".sh", ".yaml", ".yml", ".csv", ".ts", ".tsx", ".css", ".html", ".txt", ".editorconfig", ".gitignore", ".config", ".npmrc", ".service", ".conf", ""];

    public static string Root { get; } = Find();

    /// <summary>The text files that belong to the checkout, generated and fetched ones left out.</summary>
    public static IReadOnlyList<SourceFile> Files { get; } =
        [.. Walk(Root).Where(f => Text.Contains(System.IO.Path.GetExtension(f)) || System.IO.Path.GetFileName(f) is "Makefile" or "LICENSE" or "run").Select(f => new SourceFile(System.IO.Path.GetRelativePath(Root, f).Replace('\\', '/'), File.ReadAllText(f)))];

    public static IEnumerable<SourceFile> Below(string folder, string extension = ".cs") =>
        Files.Where(f => f.Path.StartsWith(folder + "/", StringComparison.Ordinal) && f.Path.EndsWith(extension, StringComparison.Ordinal));

    /// <summary>Folders below services/ that hold a project.</summary>
    public static IReadOnlyList<string> Projects { get; } = [.. Below("services", ".csproj").Select(f => f.Name).Order(StringComparer.Ordinal)];

    /// <summary>The nine services: those that have a table of contents.</summary>
    public static IReadOnlyList<string> Services { get; } = [.. Projects.Where(p => Files.Any(f => f.Path == $"services/{p}/{p}Service.cs"))];

    public static Assembly AssemblyOf(string project) => Assembly.LoadFrom(System.IO.Path.Combine(AppContext.BaseDirectory, $"Tendering.{project}.dll"));

    private static IEnumerable<string> Walk(string folder) => Directory.EnumerateFiles(folder).Concat(
        Directory.EnumerateDirectories(folder).Where(d => !NotOurs.Contains(System.IO.Path.GetFileName(d))).SelectMany(Walk));

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Tendering.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException($"There is no checkout above {AppContext.BaseDirectory}.");
    }
}
