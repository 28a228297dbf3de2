namespace HaMirror.Comparison.Tests;

public sealed class FioOutputTests
{
    private const string Latency = """{"mean":50000.0,"percentile":{"50.000000":40000,"99.000000":90000,"99.900000":200000}}""";
    private const string Nothing = """{"total_ios":0,"iops":0.0,"bw_bytes":0,"lat_ns":{"mean":0.0}}""";
    private static readonly Job Write = Job.Find("randwrite-4k-d1")!;
    private static readonly Job Flushed = Job.Find("randwrite-4k-fdatasync")!;

    [Fact]
    public void Output_OfAWritingJob_HasItsWritesFigures()
    {
        var output = FioOutput.Parse("note: both iodepth >= 1 and synchronous I/O engine\n" + Text(Nothing, Some(2000)), Write);

        Assert.Equal(2000, output.Operations);
        Assert.Equal(4000, output.Iops);
        Assert.Equal(16.384, output.MegabytesPerSecond, 6);
        Assert.Equal((50, 40, 90, 200), (output.MeanUs, output.P50Us, output.P99Us, output.P999Us));
    }

    [Fact]
    public void Output_OfAFlushedJob_HasTheFlushesPercentilesAndTheMeanOfBoth()
    {
        var sync = """{"lat_ns":{"mean":150000.0,"percentile":{"50.000000":140000,"99.000000":190000,"99.900000":400000}}}""";

        var output = FioOutput.Parse(Text(Nothing, Some(2000), sync), Flushed);

        Assert.Equal((250, 140, 190, 400), (output.MeanUs, output.P50Us, output.P99Us, output.P999Us));
    }

    [Theory]
    [InlineData("", "no result")]
    [InlineData("fio: failed to open: No such file or directory", "No such file")]
    [InlineData("{\"jobs\":[", "half a result")]
    public void Output_ThatHoldsNoResult_IsRefusedInASentence(string text, string part) =>
        Assert.Contains(part, Assert.Throws<FormatException>(() => FioOutput.Parse(text, Write)).Message, StringComparison.Ordinal);

    [Fact]
    public void Output_OfAJobThatDidNothing_IsRefused() =>
        Assert.Throws<FormatException>(() => FioOutput.Parse(Text(Nothing, Nothing), Write));

    [Fact]
    public void Subject_OfALine_HasItsProcesses()
    {
        var subject = Subject.Parse("hamirror\thamirror\t/a/disk.img\t-\t12 34");

        Assert.Equal(SubjectKind.HaMirror, subject.Kind);
        Assert.Equal(new[] { 12, 34 }, subject.Processes.ToArray());
        Assert.Null(subject.Nbd);
    }

    [Fact]
    public void Subject_OfALineWithoutFields_IsRefused() => Assert.Throws<FormatException>(() => Subject.Parse("hamirror"));

    private static string Some(int operations) =>
        $$"""{"total_ios":{{operations}},"iops":{{operations * 2}}.0,"bw_bytes":{{operations * 2 * 4096}},"lat_ns":{{Latency}}}""";

    private static string Text(string read, string write, string sync = "{}") =>
        $$"""{"jobs":[{"error":0,"read":{{read}},"write":{{write}},"sync":{{sync}}}]}""";
}
