using System.Collections.Immutable;

namespace HaMirror.Comparison.Tests;

public sealed class SummaryTests
{
    private static readonly Job Write = Job.Find("randwrite-4k-d1")!;

    private static readonly ImmutableArray<Subject> Subjects =
    [
        Of("local", SubjectKind.Local), Of("floor-threads", SubjectKind.Floor), Of("floor-batch", SubjectKind.Floor),
        Of("hamirror", SubjectKind.HaMirror), Of("hamirror-no-log", SubjectKind.Unlogged), Of("glusterfs", SubjectKind.Peer), Of("qemu-quorum", SubjectKind.Peer),
    ];

    [Fact]
    public void Row_OfRoundsOnMachinesOfDifferentSpeed_ComparesWithinARound()
    {
        // In the second round everything is half as fast: the medians of IOPS would say 0.75, each round says 0.5.
        var rows = Rows(
            ("local", [1000, 500, 500]), ("floor-threads", [400, 200, 200]), ("hamirror", [200, 100, 250]));

        var ours = Assert.Single(rows, row => row.Subject == "hamirror");
        Assert.Equal(200, ours.Iops);
        Assert.Equal(0.2, ours.OfLocal!.Value, 9);
        Assert.Equal(0.5, ours.OfFloor!.Value, 9);
        Assert.Equal(new[] { 0.5, 1.25 }, ours.Spread.ToArray());
        Assert.Null(ours.OfBestPeer);
    }

    [Fact]
    public void Floor_OfTwoModes_IsTheBetterOne()
    {
        var rows = Rows(("floor-threads", [100, 100, 100]), ("floor-batch", [300, 300, 50]), ("hamirror", [150, 150, 150]));

        Assert.Equal(300, Assert.Single(rows, row => row.Subject == "floor").Iops);
        Assert.Equal(0.5, Assert.Single(rows, row => row.Subject == "hamirror").OfFloor!.Value, 9);
        Assert.Equal(["floor-threads", "floor-batch", "floor", "hamirror"], rows.Select(row => row.Subject));
    }

    [Fact]
    public void BestPeer_OfSeveral_IsTheOneWithTheHighestMedian()
    {
        var rows = Rows(("hamirror", [300, 300, 300]), ("glusterfs", [900, 50, 50]), ("qemu-quorum", [100, 100, 100]));

        Assert.Equal(3, Assert.Single(rows, row => row.Subject == "hamirror").OfBestPeer!.Value, 9);
    }

    [Fact]
    public void Row_BesideItsOwnWithoutTheIntentLog_TellsWhatTheLogCosts()
    {
        var rows = Rows(("hamirror", [90, 80, 40]), ("hamirror-no-log", [100, 100, 50]));

        Assert.Equal(0.8, Assert.Single(rows, row => row.Subject == "hamirror").OfUnlogged!.Value, 9);
    }

    [Fact]
    public void Row_OfASubjectThatFailedInOneRound_ComparesTheOthers()
    {
        var summary = NewSummary();
        summary.Add(0, Write, Subjects[1], Of(100));
        summary.Add(1, Write, Subjects[1], Of(100));
        summary.Add(1, Write, Subjects[3], Of(80));

        Assert.Equal(0.8, Assert.Single(summary.Rows(), row => row.Subject == "hamirror").OfFloor!.Value, 9);
    }

    [Theory]
    [InlineData(new double[] { 3, 1, 2 }, 2)]
    [InlineData(new double[] { 4, 1, 2, 3 }, 2.5)]
    [InlineData(new double[] { 7 }, 7)]
    public void Median_OfOddAndEvenNumbers_IsTheMiddle(double[] values, double expected) =>
        Assert.Equal(expected, Summary.Median(values));

    [Fact]
    public void Rows_AsJson_HaveTheNamesThatReadersRelyOn()
    {
        var rows = Rows(("local", [1000, 1000, 1000]), ("hamirror", [500, 500, 500]));

        var text = System.Text.Json.JsonSerializer.Serialize(rows, RowJson.Default.ImmutableArrayRow);

        foreach (var name in new[] { "job", "subject", "iops", "mean_us", "p50_us", "p99_us", "cpu_s_per_100k", "of_local", "of_floor", "of_best_peer" })
        {
            Assert.Contains($"\"{name}\":", text, StringComparison.Ordinal);
        }

        var again = System.Text.Json.JsonSerializer.Deserialize(text, RowJson.Default.ImmutableArrayRow);
        Assert.Equal(0.5, again[1].OfLocal);
    }

    [Fact]
    public void Page_OfRows_NamesMachineCommitAndWhatWasMissed()
    {
        var rows = Rows(("local", [1000, 1000, 1000]), ("floor-threads", [500, 500, 500]), ("hamirror", [100, 100, 100]), ("glusterfs", [50, 50, 50]));

        var page = PerformancePage.Write(rows, "chart.svg");

        Assert.Contains("2 cores of test", page, StringComparison.Ordinal);
        Assert.Contains("commit\nabc123", page.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains("| 4k random write, depth 1 |         0.20 |", page, StringComparison.Ordinal);
        Assert.Contains("missed", page, StringComparison.Ordinal);
        Assert.Contains("hamirror", Chart.Draw(rows), StringComparison.Ordinal);
    }

    [Fact]
    public void Chart_OfAnyRows_IsXml()
    {
        var rows = Rows(("local", [1000, 1000, 1000]), ("hamirror", [1, 1, 1]), ("glusterfs", [5000, 5000, 5000]));

        Assert.Equal("svg", System.Xml.Linq.XDocument.Parse(Chart.Draw(rows)).Root!.Name.LocalName);
    }

    private static Subject Of(string name, SubjectKind kind) => new(name, kind, "/x", null, []);

    private static Sample Of(double iops) => new(iops, 1, 1, 1, 1, 1, 0.5, 0);

    private static Summary NewSummary() =>
        new(Subjects, 3, 1, "2 cores of test", "abc123", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    private static ImmutableArray<Row> Rows(params (string Subject, double[] Iops)[] measured)
    {
        var summary = NewSummary();
        foreach (var (name, values) in measured)
        {
            for (var round = 0; round < values.Length; round++)
            {
                summary.Add(round, Write, Subjects.Single(subject => subject.Name == name), Of(values[round]));
            }
        }

        return summary.Rows();
    }
}
