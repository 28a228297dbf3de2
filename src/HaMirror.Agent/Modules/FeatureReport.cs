// What `hamirror status -v` says of the kernel's abilities. What is never used is told too, so that nobody looks for its switch.
using System.Collections.Immutable;
using System.Globalization;
using HaMirror.Core.Api;
using HaMirror.Core.Configuration;
using HaMirror.Io.Storage;

namespace HaMirror.Agent.Modules;

/// <summary>Sentences about what a module's mounts use.</summary>
internal static class FeatureReport
{
    private const string On = "on", Off = "off", Missing = "missing", Unused = "unused";

    /// <returns>Nothing while nothing is mounted.</returns>
    public static ImmutableArray<FeatureStatus> Of(KernelUse uses, StorageStatus status)
    {
        if (!status.Mounted || status.Kernel is not { } kernel)
            return [];
        return
        [
            Of("parallel direct writes", uses.ParallelWrites, kernel.ParallelWrites, "6.2", "parallelwrites", "writes to one file go side by side"),
            new FeatureStatus("large requests", On, string.Create(CultureInfo.InvariantCulture, $"up to {uses.RequestBytes >> 10} KiB (requestsize)")),
            Of("passthrough of reads", uses.Passthrough, kernel.Passthrough, "6.9", "passthrough",
                string.Create(CultureInfo.InvariantCulture, $"{status.PassedFiles} files are read by the kernel itself now")),
            new FeatureStatus(
                "cloned /dev/fuse, splice, zero-copy send, FUSE over io_uring", Unused, "measured, and no gain here: docs/performance.md"),
        ];
    }

    private static FeatureStatus Of(string name, bool isWanted, bool isThere, string since, string setting, string effect) =>
        !isThere ? new FeatureStatus(name, Missing, $"this kernel has none; Linux {since} or later has")
        : isWanted ? new FeatureStatus(name, On, $"{effect} ({setting})")
        : new FeatureStatus(name, Off, $"{setting}=\"off\"");
}
