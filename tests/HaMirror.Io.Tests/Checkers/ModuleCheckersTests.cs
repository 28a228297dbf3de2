using System.Collections.Concurrent;
using System.Globalization;
using HaMirror.Core.Configuration;
using HaMirror.Core.Machine;
using HaMirror.Io.Checkers;
using HaMirror.Io.Hooks;
using HaMirror.Io.Tests.Hooks;
using HaMirror.Io.Witness;

namespace HaMirror.Io.Tests.Checkers;

public sealed class ModuleCheckersTests : IDisposable
{
    private readonly HookDirectory _module = new();
    private readonly ConcurrentQueue<CheckerReport> _reports = new();

    public void Dispose() => _module.Dispose();

    private ModuleCheckers Checkers(string checks, Func<string, TimeSpan, bool>? ping = null)
    {
        var parsed = ModuleXml.Parse(
            $"<safe><service mode=\"mirror\"><user><var name=\"V\" value=\"v\"/></user><check>{checks}</check><failover handle_time=\"200ms\"/></service></safe>",
            "userconfig.xml", "vm1", new Dictionary<string, string>());
        Assert.True(parsed.Succeeded, string.Join('\n', parsed.Errors));
        return new ModuleCheckers(
            parsed.Value, _module.Places, new WitnessPing(ping ?? ((_, _) => false)), (_, _) => true, _reports.Enqueue, TimeProvider.System);
    }

    private static HashSet<CheckPhase> Phases(params CheckPhase[] phases) => [.. phases];

    [Fact]
    public async Task Polling_DownForTheHandleTime_AsksForItsAction()
    {
        await using var checkers = Checkers("<ping ident=\"gw\" action=\"wait\"><to addr=\"192.0.2.1\" interval=\"600s\" timeout=\"1\"/></ping>");
        await checkers.SetPhasesAsync(Phases(CheckPhase.Pre));

        // Although the interval is ten minutes.
        await HookDirectory.UntilAsync(() => _reports.Any(report => report.Action == AutomaticAction.Wait), "the action is due");
        Assert.Equal(("ping.gw", false, null), (_reports.First().Resource, _reports.First().Up, _reports.First().Action));
    }

    [Fact]
    public async Task Phases_Changing_StartAndEndTheirCheckers()
    {
        await using var checkers = Checkers(
            "<ping ident=\"gw\"><to addr=\"192.0.2.1\"/></ping><tcp ident=\"db\"><to addr=\"127.0.0.1\" port=\"1\"/></tcp><splitbrain arg=\"192.0.2.1\"/>");
        IEnumerable<string> Living() => checkers.States().Select(state => state.Key).Order(StringComparer.Ordinal);

        Assert.Empty(Living());
        await checkers.SetPhasesAsync(Phases(CheckPhase.Pre));
        Assert.Equal(["ping.gw", "splitbrain.witness"], Living());
        await checkers.SetPhasesAsync(Phases(CheckPhase.Pre, CheckPhase.Prim));
        Assert.Equal(["ping.gw", "splitbrain.witness", "tcp.db"], Living());
        await checkers.SetPhasesAsync(Phases());
        Assert.Empty(Living());
    }

    [Fact]
    public async Task Custom_Saying_IsDebouncedAndEndedWithItsPhase()
    {
        _module.Hook("look", "echo $$ \"$@\" $V >> $HAMIRROR_ROOT/trace; while :; do sleep 1; done");
        await using var checkers = Checkers("<custom ident=\"vm\" exec=\"look\" arg=\"a b\" action=\"restart\"/>");
        Assert.False(checkers.Say("custom.vm", false));
        await checkers.SetPhasesAsync(Phases(CheckPhase.Prim));
        await HookDirectory.UntilAsync(() => _module.Trace().Length == 1, "the checker runs");
        var words = _module.Trace()[0].Split(' ');
        Assert.Equal(["vm1", "custom.vm", "a", "b", "v"], words[1..]);

        Assert.False(checkers.Say("custom.other", true));
        Assert.True(checkers.Say("custom.vm", true));
        await HookDirectory.UntilAsync(() => _reports.Any(report => report.Up), "up is reported");
        Assert.True(checkers.Say("custom.vm", false));
        await HookDirectory.UntilAsync(() => _reports.Any(report => report.Action == AutomaticAction.Restart), "the action is due");

        await checkers.SetPhasesAsync(Phases());
        Assert.False(ProcessEntry.Read(int.Parse(words[0], CultureInfo.InvariantCulture))?.IsAlive ?? false);
    }

    [Fact]
    public async Task Custom_ThatIsMissing_IsExplainedWithoutAnAction()
    {
        await using var checkers = Checkers("<custom ident=\"vm\" exec=\"nothere\" action=\"restart\"/>");
        await checkers.SetPhasesAsync(Phases(CheckPhase.Prim));
        await HookDirectory.UntilAsync(() => !_reports.IsEmpty, "it is explained");
        Assert.Contains("nothere", _reports.First().Detail, StringComparison.Ordinal);
        Assert.Null(_reports.First().Action);
    }
}
