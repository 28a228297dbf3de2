using static HaMirror.Core.Configuration.ModuleVocabulary;

namespace HaMirror.Core.Configuration;

/// <summary>Every element and attribute of cluster.xml (reference, section 2.9).</summary>
public static class ClusterVocabulary
{
    /// <summary>The element <c>cluster</c>.</summary>
    public static KnownElement Root { get; } = new("cluster", "root of the cluster's configuration")
    {
        Attributes =
        [
            Text("id", null, "identity of the cluster, made by `hamirror cluster init`") with { Required = true },
        ],
        Children =
        [
            new("lans", "the networks between the two nodes")
            {
                Required = true,
                Attributes =
                [
                    Whole("port", "4800", "UDP port of heartbeats and TCP port of joining", 1, 65535),
                    Duration("pulse", "100ms", TimeUnit.Millisecond, "every module has its own") with { Standing = Standing.WithoutEffect },
                    Whole("mlost_count", "20", "every module has its own time-out", 1, 1000) with { Standing = Standing.WithoutEffect },
                    Whole("slost_count", "10", "every module has its own time-out", 1, 1000) with { Standing = Standing.WithoutEffect },
                ],
                Children =
                [
                    new("lan", "one network; the first is the default of heartbeats")
                    {
                        Required = true,
                        Many = true,
                        Attributes =
                        [
                            Text("name", null, "what heartbeats refer to") with { Required = true },
                            OnOff("command", "off", "commands travel over the first LAN that answers") with { Standing = Standing.WithoutEffect },
                        ],
                        Children =
                        [
                            new("node", "a node's address on this network; exactly two, the same names on every network")
                            {
                                Required = true,
                                Many = true,
                                Attributes =
                                [
                                    Text("name", null, "the node's name") with { Required = true },
                                    Text("addr", null, "what the peer dials: IPv4, IPv6 (with or without brackets) or a name") with { Required = true },
                                    Text("laddr", null, "what the node itself binds, when it differs (NAT)"),
                                ],
                            },
                        ],
                    },
                ],
            },
            new("witness", "what a node asks that hears its peer no more, for modules without a `<splitbrain>` of their own; any that answers counts")
            {
                Many = true,
                Attributes =
                [
                    Text("addr", null, "IPv4, IPv6 or a name, of something that answers pings and is no node of this cluster") with { Required = true },
                ],
            },
        ],
    };
}
