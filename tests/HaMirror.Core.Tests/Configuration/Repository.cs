namespace HaMirror.Core.Tests.Configuration;

/// <summary>The folder of the solution, for tests of files that are part of the product.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "HaMirror.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException($"no HaMirror.sln above {AppContext.BaseDirectory}");
        }

        return folder.FullName;
    }
}
