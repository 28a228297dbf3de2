namespace HaMirror.Workload.Torture;

/// <summary>Names of the torture: few, so that operations meet each other.</summary>
internal static class Place
{
    private const int NameCount = 8, DirectoryCount = 3, DepthMax = 3;

    /// <summary>Relative to the torture's root.</summary>
    public static string Any(Random random)
    {
        var path = $"n{random.Next(NameCount)}";
        for (var depth = random.Next(DepthMax); depth > 0; depth--)
            path = $"d{random.Next(DirectoryCount)}/{path}";
        return path;
    }

    /// <summary>A directory that other names lie in.</summary>
    public static string Directory(Random random)
    {
        var path = $"d{random.Next(DirectoryCount)}";
        return random.Next(3) == 0 ? $"d{random.Next(DirectoryCount)}/{path}" : path;
    }
}
