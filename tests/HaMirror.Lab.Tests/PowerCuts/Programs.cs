namespace HaMirror.Lab.Tests.PowerCuts;

/// <summary>Where the programs lie that these tests run: beside this assembly, project by project.</summary>
internal static class Programs
{
    public static string Agent => Built("src/HaMirror.Agent", "hamirrord");

    public static string Workload => Built("tests/HaMirror.Workload", "hamirror-workload");

    private static string Built(string project, string program)
    {
        // tests/HaMirror.Lab.Tests/bin/CONFIGURATION/net10.0
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        var repository = own.Parent!.Parent!.Parent!.Parent!.Parent!;
        return Path.Combine(repository.FullName, project, "bin", own.Parent.Name, own.Name, program);
    }
}
