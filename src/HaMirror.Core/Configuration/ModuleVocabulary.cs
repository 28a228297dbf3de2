using System.Collections.Immutable;

namespace HaMirror.Core.Configuration;

/// <summary>Every element and attribute of userconfig.xml: the one table behind parsing, refusals and the manual.</summary>
/// <remarks>
/// Names and units follow SafeKit's (reference, section 2), so that its files are read unchanged. Defaults are SafeKit's
/// but for the times that decide how long a failure is noticed (design, sections 3 and 8).
/// </remarks>
public static class ModuleVocabulary
{
    private static readonly ImmutableArray<string> Phases = ["pre", "prim", "second", "both", "sec"];

    private static readonly ImmutableArray<string> Actions = ["restart", "stopstart", "stop", "wait", "swap", "noaction"];

    private static readonly KnownAttribute Ident =
        new("ident", ValueKind.Text, null, "name of the resource, after its class and a dot") { Required = true };

    private static KnownElement Heart => new("heart", "heartbeats between the two nodes")
    {
        Attributes =
        [
            Whole("port", null, "accepted; the beats of all modules share the cluster's UDP port", 1, 65535) with { Standing = Standing.WithoutEffect },
            Duration("pulse", "200ms", TimeUnit.Millisecond, "interval of heartbeats"),
            Duration("timeout", "3s", TimeUnit.Millisecond, "silence on every LAN for this long is the peer's death"),
            OnOff("permanent_arp", "on", "addresses are never pinned in the ARP table") with { Standing = Standing.WithoutEffect },
        ],
        Children =
        [
            new("heartbeat", "one LAN that carries heartbeats")
            {
                Many = true,
                Attributes =
                [
                    Text("name", "", "name of a LAN of cluster.xml; empty: its first LAN"),
                    Text("ident", null, "label; `flow` moves replication to this LAN; default: the name"),
                    Duration("pulse", null, TimeUnit.Millisecond, "the smallest of all counts for the module"),
                    Duration("timeout", null, TimeUnit.Millisecond, "the largest of all counts for the module"),
                    OnOff("permanent_arp", "on", "as above") with { Standing = Standing.WithoutEffect },
                ],
                Children =
                [
                    new("server", "address of a node; addresses come from cluster.xml")
                    {
                        Many = true, Standing = Standing.Legacy, Attributes = [Text("addr", null, "address")],
                    },
                ],
            },
        ],
    };

    private static KnownElement User => new("user", "hooks run; without this element none does")
    {
        Attributes =
        [
            Duration("nicestoptimeout", "300s", TimeUnit.Second, "time of a graceful stop hook"),
            Duration("forcestoptimeout", "300s", TimeUnit.Second, "time of a forced stop hook"),
            Choice("logging", "userlog", "`none`: the output of hooks is not kept", "userlog", "none"),
            Whole("userlogsize", "2048", "KiB kept of one hook's output", 1, 1 << 20),
        ],
        Children =
        [
            new("var", "a variable in the environment of hooks and custom checkers")
            {
                Many = true,
                Attributes =
                [
                    Text("name", null, "name: letters, digits and underscores") with { Required = true },
                    Free("value", "", "value"),
                ],
            },
        ],
    };

    private static KnownElement Errd => new("errd", "watches processes")
    {
        Attributes = [Duration("polltimer", "30s", TimeUnit.Second, "interval of looking at the processes")],
        Children =
        [
            new("proc", "processes that must run (resource proc.NAME)")
            {
                Many = true,
                Attributes =
                [
                    Text("name", null, "name of the process (its first 15 characters count), or the service") with { Required = true },
                    Choice("service", "no", "`yes`: a systemd unit that must be active", "no", "yes"),
                    Free("nameregex", null, "POSIX extended expression over the process's name"),
                    Free("argregex", null, "POSIX extended expression over its command line"),
                    Whole("atleast", "1", "fewer processes than this: the action", 0, 1 << 20),
                    Whole("atmax", "-1", "more processes than this: the action; -1: no limit", -1, 1 << 20),
                    Whole("start_after", "0", "looks that are skipped first", 0, 1 << 20),
                    Choice("class", "prim", "when it is watched", [.. Phases, "other"]),
                    Choice("action", "stopstart", "what its failure leads to", [.. Actions]),
                    OnOff("restart_services", "off", "systemd restarts what its unit says") with { Standing = Standing.WithoutEffect },
                ],
            },
        ],
    };

    private static KnownElement Failover => new("failover", "rules that turn states of resources into actions")
    {
        HasText = true,
        Attributes =
        [
            Choice("extends", "yes", "built-in rules hold too", "yes", "no"),
            Duration("period", "5000ms", TimeUnit.Millisecond, "rules are judged at once") with { Standing = Standing.WithoutEffect },
            Duration("handle_time", "15000ms", TimeUnit.Millisecond, "a resource must be down this long before its action"),
        ],
    };

    private static KnownElement Vip => Ignored("vip", "virtual addresses: a VM keeps its own", Standing.WithoutEffect);

    private static KnownElement Vhost => Ignored("vhost", "virtual host names", Standing.WithoutEffect);

    /// <summary>The element <c>safe</c>.</summary>
    public static KnownElement Root { get; } = new("safe", "root of a module's configuration")
    {
        Children =
        [
            new("macro", "%NAME% stands for the value in every attribute; a macro wins over the environment")
            {
                Many = true,
                Attributes =
                [
                    Text("name", null, "name: letters, digits and underscores") with { Required = true },
                    Free("value", "", "value; macros defined before may stand in it"),
                ],
            },
            new("service", "the module")
            {
                Required = true,
                Attributes =
                [
                    Choice("mode", null, "HaMirror runs mirror modules", "mirror", "farm", "light") with { Required = true },
                    Choice("boot", "ignore", "start at boot; `auto`: if it ran before; `ignore`: as the boot command says", "on", "off", "auto", "ignore"),
                    Duration("boot_delay", "0s", TimeUnit.Second, "delay of that start") with { ZeroAllowed = true },
                    OnOff("failover", "on", "`off`: the SECOND waits for an operator when the PRIM is gone"),
                    Text("defaultprim", "alone", "`alone`, `lastprim` or a node's name: who becomes PRIM when both may"),
                    Whole("maxloop", "3", "automatic actions before the module stops", 0, 1000),
                    Duration("loop_interval", "24h", TimeUnit.Hour, "window of that count; 0: no count") with { ZeroAllowed = true },
                    OnOff("automatic_reboot", "off", "the machine is never rebooted") with { Standing = Standing.WithoutEffect },
                ],
                Children =
                    [Heart, ReplicationVocabulary.Root, Vip, Vhost, User, Errd, CheckVocabulary.Root(Phases, Actions, Ident), Failover],
            },
        ],
    };

    internal static KnownAttribute Text(string name, string? value, string meaning) => new(name, ValueKind.Text, value, meaning);

    internal static KnownAttribute Free(string name, string? value, string meaning) => new(name, ValueKind.FreeText, value, meaning);

    internal static KnownAttribute OnOff(string name, string value, string meaning) => new(name, ValueKind.OnOff, value, meaning);

    internal static KnownAttribute Whole(string name, string? value, string meaning, long least, long most) =>
        new(name, ValueKind.Whole, value, meaning) { Least = least, Most = most };

    internal static KnownAttribute Duration(string name, string? value, TimeUnit unit, string meaning) =>
        new(name, ValueKind.Duration, value, meaning) { Unit = unit };

    internal static KnownAttribute Choice(string name, string? value, string meaning, params string[] choices) =>
        new(name, ValueKind.Choice, value, meaning) { Choices = [.. choices] };

    /// <summary>An element whose attributes and children are not looked at.</summary>
    internal static KnownElement Ignored(string name, string meaning, Standing standing) =>
        new(name, meaning) { Many = true, Standing = standing };
}
