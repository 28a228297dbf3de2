// Collects events, waits until the group's time is over, and hands one message to every channel. Invariants: what happens on the
// node never waits for this (its queue is bounded, and what does not fit is counted and told); a file that is wrong leaves the
// last good one in force.
using System.Collections.Immutable;
using System.Threading.Channels;
using HaMirror.Agent.Events;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;
using HaMirror.Core.Api;
using HaMirror.Core.Configuration;
using HaMirror.Core.Machine;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Notify;

/// <summary>Tells people of what happens, as notify.xml says.</summary>
internal sealed class Notifier : LastingPart
{
    private const int WaitingMax = 1000;

    /// <summary>More makes no message better: the log has them.</summary>
    private const int EventsPerMessageMax = 100;

    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(2);

    private readonly AgentFiles _files;
    private readonly NodeService _node;
    private readonly ILogger<Notifier> _log;
    private readonly TimeProvider _clock;
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) });
    private readonly Channel<NotifiedEvent> _events = Channel.CreateBounded<NotifiedEvent>(WaitingMax);
    private DateTime _fileTime = DateTime.MinValue;
    private volatile Setting _setting = new(NotifyConfiguration.Default, [], null);
    private readonly Lock _reading = new();
    private int _dropped;

    /// <param name="Fault">Why the file is not in force; null: it is.</param>
    private sealed record Setting(NotifyConfiguration Configuration, ImmutableArray<ChannelQueue> Channels, string? Fault);

    public Notifier(AgentFiles files, NodeService node, EventWatch watch, ILogger<Notifier> log, TimeProvider clock)
    {
        (_files, _node, _log, _clock) = (files, node, log, clock);
        watch.ModuleChanged += SawModule;
        watch.NodeChanged += SawNode;
        watch.Logged += Heard;
    }

    public string File => $"{_files.ConfigurationDirectory}/notify.xml";

    public NotifyStatus Status
    {
        get
        {
            var setting = _setting;
            return new NotifyStatus(File, setting.Fault, setting.Configuration.Group.TotalSeconds, setting.Configuration.Level, [.. setting.Channels.Select(channel => channel.Status)]);
        }
    }

    /// <summary>Sends a message that says that it is a test.</summary>
    /// <param name="kind">mail, webhook or command; null: all.</param>
    /// <exception cref="Refusal">None is configured, or one failed.</exception>
    public async Task TestAsync(string? kind, CancellationToken cancellation)
    {
        Read(); // What was written a moment ago counts.
        if (_setting.Fault is { } fault) throw new Refusal(Refusal.Unprocessable, fault, $"Correct {File}.");
        var channels = _setting.Channels.Where(channel => kind is null || channel.Kind == kind).ToArray();
        if (channels.Length == 0)
            throw new Refusal(Refusal.Conflict, $"{File} names no {kind ?? "way"} to tell anybody.", "docs/monitoring.md shows an example.");
        var test = Message([new NotifiedEvent(_clock.GetLocalNow(), "Event", null, "This is a test of the notifications.")], test: true);
        var failures = await Task.WhenAll(channels.Select(async channel => (channel.Kind, channel.Status.Target, Failure: await channel.SendAsync(test, cancellation))));
        if (failures.All(one => one.Failure is null)) return;
        throw new Refusal(StatusCodes.Status502BadGateway, "The test did not arrive everywhere.", $"Correct {File}, then try again.")
        {
            Errors = [.. failures.Where(one => one.Failure is not null).Select(one => $"{one.Kind} to {one.Target}: {one.Failure}")],
        };
    }

    public override void Dispose()
    {
        foreach (var channel in _setting.Channels) channel.Dispose();
        _client.Dispose();
        base.Dispose();
    }

    protected override ILogger Log => _log;

    protected override async Task WorkAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                Read();
                if (await WaitAsync(stopping)) await SendGroupAsync(stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The agent ends: what was collected goes out, as far as nothing has to be waited for.
            if (Collect() is { IsEmpty: false } rest) Post(rest);
        }
    }

    /// <summary>What a changed status means to somebody who is not looking; null: nothing.</summary>
    internal static NotifiedEvent? Of(ModuleStatus? before, ModuleStatus now, DateTimeOffset time)
    {
        if (before is null || (before.State, before.Phase) == (now.State, now.Phase) || now.Phase == "Transient") return null;
        var grave = now is { State: "WAIT", Phase: "NotReady" } or { State: "ALONE" };
        return new NotifiedEvent(time, grave ? "Warning" : "Event", now.Module, $"Local state {now.State} {now.Phase}{(now.Reason is { } reason ? ": " + reason : "")}");
    }

    private void SawModule(ModuleStatus? before, ModuleStatus now)
    {
        if (_setting.Configuration.States && Of(before, now, _clock.GetLocalNow()) is { } told) Add(told);
    }

    private void SawNode(NodeStatus before, NodeStatus now)
    {
        foreach (var lan in now.Lans)
        {
            var was = before.Lans.FirstOrDefault(one => one.Name == lan.Name);
            if (was is null || was.Lost == lan.Lost) continue;
            Add(new NotifiedEvent(_clock.GetLocalNow(), lan.Lost ? "Warning" : "Event", null,
                lan.Lost ? $"LAN {lan.Name}: no heartbeat of {now.Peer} any more." : $"LAN {lan.Name}: heartbeats of {now.Peer} are heard."));
        }
    }

    private void Heard(LogLine line)
    {
        var wanted = _setting.Configuration.Level switch { "critical" => SayLevel.Critical, "event" => SayLevel.Event, _ => SayLevel.Warning };
        if (Rank(line.Level) <= Rank(wanted.ToString())) Add(new NotifiedEvent(line.Time, line.Level, line.Module, line.Text));
    }

    private static int Rank(string level) => level switch { "Critical" => 0, "Warning" => 1, "Event" => 2, _ => 3 };

    private void Add(NotifiedEvent told)
    {
        if (_setting.Channels.IsEmpty) return;
        if (!_events.Writer.TryWrite(told)) Interlocked.Increment(ref _dropped);
    }

    private async Task<bool> WaitAsync(CancellationToken cancellation)
    {
        using var look = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        look.CancelAfter(LookPeriod);
        try
        {
            return await _events.Reader.WaitToReadAsync(look.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task SendGroupAsync(CancellationToken cancellation)
    {
        await Task.Delay(_setting.Configuration.Group, _clock, cancellation);
        Post(Collect());
        if (Interlocked.Exchange(ref _dropped, 0) is > 0 and var lost) _log.NotificationsDropped(lost);
    }

    private ImmutableArray<NotifiedEvent> Collect()
    {
        var collected = ImmutableArray.CreateBuilder<NotifiedEvent>();
        while (_events.Reader.TryRead(out var told)) collected.Add(told);
        if (collected.Count <= EventsPerMessageMax) return collected.ToImmutable();
        var left = collected.Count - EventsPerMessageMax;
        collected.RemoveRange(EventsPerMessageMax, left);
        collected.Add(new NotifiedEvent(_clock.GetLocalNow(), "Event", null, $"{left} more: the logs have them."));
        return collected.ToImmutable();
    }

    private void Post(ImmutableArray<NotifiedEvent> events)
    {
        var message = Message(events, test: false);
        foreach (var channel in _setting.Channels) channel.Post(message);
    }

    private Notification Message(ImmutableArray<NotifiedEvent> events, bool test)
    {
        var name = _node.Membership?.NodeName ?? Environment.MachineName;
        var gravest = events.MinBy(one => Rank(one.Level))!;
        var more = events.Length > 1 ? $" (and {events.Length - 1} more)" : "";
        var subject = $"HaMirror {name}: {(test ? "test: " : "")}{(gravest.Module is { } module ? module + ": " : "")}{gravest.Text}{more}";
        return new Notification(name, _node.Membership?.Configuration.Id.ToString("n") ?? "", _clock.GetLocalNow(), test, subject.ReplaceLineEndings(" "), events);
    }

    private void Read()
    {
        lock (_reading)
        {
            var written = System.IO.File.GetLastWriteTimeUtc(File);
            if (written == _fileTime) return;
            _fileTime = written;
            Take();
        }
    }

    private void Take()
    {
        if (!System.IO.File.Exists(File))
        {
            Replace(NotifyConfiguration.Default);
            return;
        }

        try
        {
            var parsed = NotifyConfiguration.Parse(System.IO.File.ReadAllText(File), File);
            if (parsed.Succeeded)
            {
                Replace(parsed.Value);
                return;
            }

            _setting = _setting with { Fault = parsed.Errors[0].ToString() };
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _setting = _setting with { Fault = $"{File} cannot be read: {error.Message}" };
        }

        _log.FileRefused(_setting.Fault!);
    }

    private void Replace(NotifyConfiguration configuration)
    {
        foreach (var old in _setting.Channels) old.Dispose();
        INotifyChannel[] channels =
        [
            .. configuration.Mails.Select(mail => new MailChannel(mail)),
            .. configuration.Webhooks.Select(webhook => new WebhookChannel(webhook, _client)),
            .. configuration.Commands.Select(command => new CommandChannel(command)),
        ];
        _setting = new Setting(configuration, [.. channels.Select(channel => new ChannelQueue(channel, _log, _clock))], null);
    }
}
