namespace HaMirror.Cli.Bench;

/// <summary>What a file on some file system does.</summary>
/// <param name="LargeBytesPerSecond">1 MiB writes, four at a time.</param>
/// <param name="Write">4 KiB, one at a time.</param>
/// <param name="Flush">4 KiB with an fdatasync, one at a time.</param>
/// <param name="WriteMany">4 KiB, 16 at a time.</param>
/// <param name="Read">4 KiB, one at a time.</param>
internal sealed record FileFigures(
    double LargeBytesPerSecond, Latencies Write, Latencies Flush, Latencies WriteMany, Latencies Read)
{
    /// <summary>Measures it: five loads after a first writing.</summary>
    /// <param name="said">Hears what is measured now.</param>
    public static FileFigures Measure(Load load, Action<string> said)
    {
        said("writing the file");
        load.Fill();
        said("1 MiB writes, four at a time");
        var large = load.WriteLarge();
        said("4 KiB writes, one at a time");
        var write = load.Write();
        said("4 KiB writes with a flush each");
        var flush = load.WriteAndFlush();
        said("4 KiB writes, 16 at a time");
        var many = load.WriteMany();
        said("4 KiB reads, one at a time");
        return new FileFigures(large, write, flush, many, load.Read());
    }
}
