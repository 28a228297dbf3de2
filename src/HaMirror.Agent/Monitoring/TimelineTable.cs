// What became of each module on this node: changes of state, what was asked for, what was decided, and the agent's starts. One JSON
// object a line in the file `timeline` of the module's state, so that it outlives the agent; at most LinesMax lines. It is read from
// the module's own log lines and statuses, and written by a task of its own: nothing waits for the disk.
// A change of state has a cause: the last line before it that explains one. What explained a state that has settled explains no later one.
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using HaMirror.Agent.Events;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;
using HaMirror.Core.Api;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Monitoring;

/// <summary>Keeps the timeline of this node's modules.</summary>
internal sealed partial class TimelineTable : LastingPart
{
    public const int EntriesMax = 1000;
    private const int LinesMax = 2 * EntriesMax; // Then the file is cut to the newest EntriesMax.
    private const int QueueMax = 1000;

    private readonly AgentFiles _files;
    private readonly ILogger<TimelineTable> _log;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ImmutableList<TimelineEntry>> _modules = new(StringComparer.Ordinal);
    private readonly Channel<(string Module, TimelineEntry Entry)> _queue =
        Channel.CreateBounded<(string Module, TimelineEntry Entry)>(new BoundedChannelOptions(QueueMax) { FullMode = BoundedChannelFullMode.DropOldest });

    private readonly Dictionary<string, string> _causes = new(StringComparer.Ordinal);
    private volatile string _node = "";

    public TimelineTable(EventWatch watch, AgentFiles files, TimeProvider clock, ILogger<TimelineTable> log)
    {
        (_files, _log) = (files, log);
        watch.ModuleChanged += (before, now) =>
        {
            _node = now.Node;
            if (before is null) Add(now.Module, new TimelineEntry(clock.GetUtcNow(), now.Node, "agent", now.State, now.Phase, "The agent looks after the module from now on."));
            if (before is not null && now.Decision is { } decision && decision.Time != before.Decision?.Time)
                Add(now.Module, new TimelineEntry(decision.Time, now.Node, "decision", null, null, decision.Sentence));
            if (before is not null && now.ConfigurationVersion != before.ConfigurationVersion)
                Add(now.Module, new TimelineEntry(clock.GetUtcNow(), now.Node, "action", null, null, $"The configuration {now.ConfigurationVersion} is in force."));
        };
        watch.Logged += line => Hear(line);
    }

    /// <summary>Oldest first.</summary>
    public ImmutableArray<TimelineEntry> Of(string module, DateTimeOffset? since, int limit)
    {
        lock (_lock) return [.. Entries(module).Where(entry => since is null || entry.Time > since).OrderBy(entry => entry.Time).TakeLast(limit)];
    }

    internal void Hear(LogLine line)
    {
        if (StateLine.TryRead(line, out var state, out var phase))
        {
            Add(line.Module, new TimelineEntry(line.Time.ToUniversalTime(), _node, "state", state, phase, line.Text) { Cause = CauseOf(line.Module, settled: phase == "Ready" || state == "STOP") });
            return;
        }

        if (Asked().IsMatch(line.Text)) Add(line.Module, new TimelineEntry(line.Time.ToUniversalTime(), _node, "action", null, null, line.Text));
        lock (_lock)
        {
            // What the other node did is a reason only where this one gives no better one.
            if (line.Level == "Critical" || Explains().IsMatch(line.Text) || (Told().IsMatch(line.Text) && !_causes.ContainsKey(line.Module)))
                _causes[line.Module] = line.Text;
        }
    }

    private string? CauseOf(string module, bool settled)
    {
        lock (_lock)
        {
            var cause = _causes.GetValueOrDefault(module);
            if (settled) _causes.Remove(module);
            return cause;
        }
    }

    protected override ILogger Log => _log;

    protected override async Task WorkAsync(CancellationToken stopping)
    {
        try
        {
            await foreach (var (module, entry) in _queue.Reader.ReadAllAsync(stopping)) Write(module, entry);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            while (_queue.Reader.TryRead(out var left)) Write(left.Module, left.Entry); // How the modules ended.
        }
    }

    private void Add(string module, TimelineEntry entry)
    {
        lock (_lock)
        {
            var entries = Entries(module).Add(entry);
            _modules[module] = entries.Count > EntriesMax ? entries.RemoveRange(0, entries.Count - EntriesMax) : entries;
        }

        _queue.Writer.TryWrite((module, entry));
    }

    private void Write(string module, TimelineEntry entry)
    {
        var path = _files.TimelineFile(module);
        try
        {
            if (!Directory.Exists(Path.GetDirectoryName(path))) return; // The module was removed.
            using (var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, UnixCreateMode = AgentFiles.FileMode }))
            {
                file.Write(JsonSerializer.SerializeToUtf8Bytes(entry, ConsoleJson.Default.TimelineEntry));
                file.Write("\n"u8);
            }

            if (File.ReadLines(path).Count() <= LinesMax) return;
            lock (_lock) AtomicFile.Replace(path, System.Text.Encoding.UTF8.GetBytes(string.Concat(Entries(module).Select(one => JsonSerializer.Serialize(one, ConsoleJson.Default.TimelineEntry) + "\n"))));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _log.LogDebug(error, "The timeline of module {Module} cannot be written.", module);
        }
    }

    /// <summary>Under the lock.</summary>
    private ImmutableList<TimelineEntry> Entries(string module)
    {
        if (_modules.TryGetValue(module, out var entries)) return entries;
        return _modules[module] = [.. Read(_files.TimelineFile(module)).TakeLast(EntriesMax)];
    }

    private static IEnumerable<TimelineEntry> Read(string path)
    {
        if (!File.Exists(path)) return [];
        try
        {
            return [.. File.ReadLines(path).Select(Parse).OfType<TimelineEntry>()];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return []; // History only: it must not keep the present from being shown.
        }
    }

    private static TimelineEntry? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, ConsoleJson.Default.TimelineEntry);
        }
        catch (JsonException)
        {
            return null; // Cut short by a power cut.
        }
    }

    [GeneratedRegex("^Action ")]
    private static partial Regex Asked();

    [GeneratedRegex("^(Action |Transition |Reintegration ended|Failover|The link to |The disk is |Reads and writes go |The resync |The replica record |Started as primary )| is the source for ")]
    private static partial Regex Explains();

    [GeneratedRegex("^Remote state ")]
    private static partial Regex Told();
}
