// From samples to rows: medians, and ratios within a round, because the machine of one round is not that of the next.
using System.Collections.Immutable;

namespace HaMirror.Comparison;

/// <summary>All samples of a comparison.</summary>
internal sealed class Summary(ImmutableArray<Subject> subjects, int rounds, double seconds, string machine, string commit, DateTimeOffset measured)
{
    /// <summary>Name of the rows that repeat the better of the floor's modes.</summary>
    public const string Floor = "floor";

    private readonly Dictionary<(string Job, string Subject), Dictionary<int, Sample>> _samples = [];

    /// <summary>Takes one.</summary>
    public void Add(int round, Job job, Subject subject, Sample sample)
    {
        if (!_samples.TryGetValue((job.Name, subject.Name), out var of))
        {
            _samples[(job.Name, subject.Name)] = of = [];
        }

        of[round] = sample;
    }

    /// <summary>In the order of the jobs, then of the subjects; the floor's row behind its modes.</summary>
    public ImmutableArray<Row> Rows()
    {
        var rows = ImmutableArray.CreateBuilder<Row>();
        foreach (var job in Job.All)
        {
            var local = Best(job, SubjectKind.Local);
            var floor = Best(job, SubjectKind.Floor);
            var peer = Best(job, SubjectKind.Peer);
            var unlogged = Best(job, SubjectKind.Unlogged);
            var last = subjects.LastOrDefault(subject => subject.Kind == SubjectKind.Floor);
            foreach (var subject in subjects)
            {
                if (_samples.TryGetValue((job.Name, subject.Name), out var samples))
                {
                    rows.Add(RowOf(job, subject.Name, samples, local, floor, peer, unlogged));
                }

                if (subject == last && floor is not null)
                {
                    rows.Add(RowOf(job, Floor, floor, local, floor, peer, unlogged));
                }
            }
        }

        return rows.ToImmutable();
    }

    /// <summary>Between the two middle ones when they are of an even number.</summary>
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }

    private Dictionary<int, Sample>? Best(Job job, SubjectKind kind) => subjects
        .Where(subject => subject.Kind == kind)
        .Select(subject => _samples.GetValueOrDefault((job.Name, subject.Name)))
        .OfType<Dictionary<int, Sample>>()
        .MaxBy(samples => Median(samples.Values.Select(sample => sample.Iops)));

    private Row RowOf(
        Job job, string subject, Dictionary<int, Sample> samples, Dictionary<int, Sample>? local, Dictionary<int, Sample>? floor,
        Dictionary<int, Sample>? peer, Dictionary<int, Sample>? unlogged)
    {
        double Of(Func<Sample, double> figure) => Median(samples.Values.Select(figure));
        var toFloor = Ratios(samples, floor);
        return new Row(
            job.Name, subject, Of(sample => sample.Iops), Of(sample => sample.MegabytesPerSecond), Of(sample => sample.MeanUs),
            Of(sample => sample.P50Us), Of(sample => sample.P99Us), Of(sample => sample.P999Us),
            samples.Values.Any(sample => sample.CpuSecondsPer100K is null) ? null : Of(sample => sample.CpuSecondsPer100K!.Value),
            MedianOrNull(Ratios(samples, local)), MedianOrNull(toFloor), MedianOrNull(Ratios(samples, peer)), MedianOrNull(Ratios(samples, unlogged)),
            toFloor.IsEmpty ? [] : [toFloor.Min(), toFloor.Max()], Of(sample => sample.ForeignCores), rounds, seconds, measured, machine,
            commit);
    }

    private static ImmutableArray<double> Ratios(Dictionary<int, Sample> samples, Dictionary<int, Sample>? to) => to is null
        ? []
        : [.. samples.Where(sample => to.ContainsKey(sample.Key)).Select(sample => sample.Value.Iops / to[sample.Key].Iops)];

    private static double? MedianOrNull(ImmutableArray<double> values) => values.IsEmpty ? null : Median(values);
}
