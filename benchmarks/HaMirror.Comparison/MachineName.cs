using System.Globalization;

namespace HaMirror.Comparison;

/// <summary>What the figures depend on.</summary>
internal static class MachineName
{
    private const double KibPerGib = 1 << 20;

    /// <summary>Processor, cores, memory, kernel.</summary>
    public static string Read()
    {
        var processor = Field("/proc/cpuinfo", "model name") ?? "an unknown processor";
        var memory = double.Parse((Field("/proc/meminfo", "MemTotal") ?? "0 kB").Split(' ')[0], CultureInfo.InvariantCulture) / KibPerGib;
        var kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        return string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} cores of {processor}, {memory:F0} GiB, Linux {kernel}");
    }

    private static string? Field(string path, string name) => File.ReadLines(path)
        .Where(line => line.StartsWith(name, StringComparison.Ordinal))
        .Select(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()).FirstOrDefault();
}
