// The last decision of a module: at a connection (who is the source, with which plan), at a failure (who goes on), and what it rested
// on. The machine collects the sentences; what both sides were at that moment is added here. Kept on the disk, off the driver's thread,
// so that after a restart it is still to be read why this node was what it was.
using System.Text.Json;
using HaMirror.Agent.Logging;
using HaMirror.Core.Api;
using HaMirror.Core.Machine;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Modules;

/// <summary>Keeps the last decision.</summary>
internal sealed class DecisionKeeper
{
    /// <summary>An answer of the witness that is older was for another decision.</summary>
    private static readonly TimeSpan WitnessHolds = TimeSpan.FromSeconds(30);

    /// <summary>The machine keeps more; what is older belongs to earlier decisions, and each status carries these.</summary>
    private const int EvidenceMax = 8;

    /// <summary>Sentences of the machine that are no decision by themselves.</summary>
    private const string WitnessWord = "The witness ";

    private readonly string _path;
    private readonly TimeProvider _clock;
    private readonly ModuleLog _log;
    private readonly Lock _saving = new();
    private volatile DecisionStatus? _last;
    private (bool Reachable, DateTimeOffset At)? _witness;
    private Task _saved = Task.CompletedTask;

    public DecisionKeeper(string path, TimeProvider clock, ModuleLog log)
    {
        (_path, _clock, _log) = (path, clock, log);
        try
        {
            if (File.Exists(path)) _last = JsonSerializer.Deserialize(File.ReadAllBytes(path), ConsoleJson.Default.DecisionStatus);
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            log.Add(SayLevel.Detail, $"What was decided before the agent's start cannot be read: {error.Message}");
        }
    }

    public DecisionStatus? Last => _last;

    /// <summary>The witness's answer. Driver's thread.</summary>
    public void Witness(bool reachable) => _witness = (reachable, _clock.GetUtcNow());

    /// <summary>After each step. Driver's thread; returns at once.</summary>
    public void Look(MachineView before, MachineView view, ModuleRules rules, ulong markedBytes, (TimeSpan Ago, ulong MarkedBytes)? heard)
    {
        if (view.Evidence.IsEmpty || view.Evidence.SequenceEqual(before.Evidence) || view.Evidence[^1].StartsWith(WitnessWord, StringComparison.Ordinal)) return;
        var now = _clock.GetUtcNow();
        var made = new DecisionStatus(
            now, view.Evidence[^1], [.. view.Evidence.TakeLast(EvidenceMax)], ConnectionDryRun.Evidence(rules.NodeName, view.State, view.Phase, view.Record, markedBytes),
            view.PeerBeat is { } beat ? ConnectionDryRun.Evidence(rules.PeerName, beat.State, beat.Phase, beat.Record, heard?.MarkedBytes ?? 0) : null,
            view.PeerHeard, heard?.Ago.TotalSeconds, rules.HasWitness, _witness is { } answer && now - answer.At < WitnessHolds ? answer.Reachable : null);
        _last = made;
        lock (_saving) _saved = _saved.ContinueWith(_ => Save(made), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private void Save(DecisionStatus made)
    {
        try
        {
            AtomicFile.Replace(_path, JsonSerializer.SerializeToUtf8Bytes(made, ConsoleJson.Default.DecisionStatus));
        }
        catch (IOException error)
        {
            _log.Add(SayLevel.Detail, error.Message); // It is shown all the same until the agent ends.
        }
    }
}
