// The rounds. Every round measures every subject in every job; the order of subjects is reversed every other round, so that a
// machine that warms up or fills favours nobody.
using System.Collections.Immutable;
using System.Globalization;

namespace HaMirror.Comparison;

/// <summary>Runs all there is to run.</summary>
/// <param name="progress">One line for each job of a round.</param>
internal sealed class Measurement(FioRun fio, ImmutableArray<Subject> subjects, ImmutableArray<Job> jobs, int rounds, TextWriter progress)
{
    /// <summary>A run beside more foreign CPU than this, in cores, is made again...</summary>
    private const double ForeignCoresMax = 0.12;

    private readonly HashSet<(string, string)> _left = [];

    /// <summary>... so many times; then it counts as it is, and its row tells.</summary>
    public int Repetitions { get; init; }

    public async Task RunAsync(Summary summary, CancellationToken cancellation)
    {
        for (var round = 0; round < rounds; round++)
        {
            foreach (var job in jobs)
            {
                progress.WriteLine($"round {(round + 1).ToString(CultureInfo.InvariantCulture)} of {rounds}: {job.Title}");
                foreach (var subject in round % 2 == 0 ? subjects : subjects.Reverse())
                {
                    if (!_left.Contains((job.Name, subject.Name)))
                    {
                        await RunOneAsync(round, job, subject, summary, cancellation);
                    }
                }
            }
        }
    }

    private async Task RunOneAsync(int round, Job job, Subject subject, Summary summary, CancellationToken cancellation)
    {
        try
        {
            var sample = await fio.RunAsync(subject, job, cancellation);
            for (var again = 0; again < Repetitions && sample.ForeignCores > ForeignCoresMax; again++)
            {
                sample = await fio.RunAsync(subject, job, cancellation);
            }

            summary.Add(round, job, subject, sample);
        }
        catch (FormatException failure)
        {
            // The others are worth measuring; a subject that failed once is not asked for this again, and the reader is told.
            _left.Add((job.Name, subject.Name));
            progress.WriteLine($"  {subject.Name} is left out of '{job.Title}' from here on: {failure.Message}");
        }
    }
}
