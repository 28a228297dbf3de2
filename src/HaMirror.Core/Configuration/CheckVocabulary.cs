using System.Collections.Immutable;
using static HaMirror.Core.Configuration.ModuleVocabulary;

namespace HaMirror.Core.Configuration;

/// <summary>The part of the vocabulary beneath <c>check</c> (reference, section 2.7).</summary>
internal static class CheckVocabulary
{
    public static KnownElement Root(ImmutableArray<string> phases, ImmutableArray<string> actions, KnownAttribute ident)
    {
        KnownAttribute When(string value) => Choice("when", value, "when it is alive", [.. phases]);
        KnownAttribute Action(string value) => Choice("action", value, "what its being down leads to", [.. actions]);
        var address = Text("addr", null, "address or name") with { Required = true };
        var port = Whole("port", null, "TCP port", 1, 65535) with { Required = true };
        var interval = Duration("interval", "10s", TimeUnit.Second, "pause between two looks");
        var timeout = Duration("timeout", "5s", TimeUnit.Second, "how long one look may take");

        return new KnownElement("check", "checkers")
        {
            Children =
            [
                Checker("tcp", "a TCP port that must accept", [ident, When("prim"), Action("restart")], [address, port, interval, timeout]),
                Checker("ping", "an address that must answer", [ident, When("pre"), Action("wait")], [address, interval, timeout]),
                Checker("intf", "a network interface that must be up", [ident, When("pre"), Action("wait")], [Text("local_addr", null, "an address of the interface") with { Required = true }]),
                Checker("ip", "an address that this node must have", [ident, When("prim"), Action("stopstart")], [address, interval]),
                Checker(
                    "module",
                    "another module of this cluster that must serve",
                    [Text("name", null, "its name") with { Required = true }, Text("ident", null, "default: the name"), When("pre"), Action("wait")],
                    [
                        Text("addr", null, "a node of this cluster; none: this node"),
                        Whole("port", "9010", "it is asked through the agents", 1, 65535) with { Standing = Standing.WithoutEffect },
                        interval,
                        timeout,
                        OnOff("secure", "off", "it is asked through the agents") with { Standing = Standing.WithoutEffect },
                    ]),
                new("custom", "a program of the module that looks by itself and says `safekit set -r custom.IDENT -v up|down`")
                {
                    Many = true,
                    Attributes =
                    [
                        ident,
                        When("prim"),
                        Text("exec", null, "program in the module's bin directory") with { Required = true },
                        Free("arg", "", "arguments, after the module and the resource"),
                        Action("noaction"),
                    ],
                },
                new("splitbrain", "witnesses that tell an isolated node from one whose peer died")
                {
                    Attributes =
                    [
                        Text("ident", "witness", "name of the resource"),
                        Choice("when", "pre", "always", "pre"),
                        Choice("exec", "ping", "how the witness is asked", "ping"),
                        Text("arg", null, "addresses, separated by blanks; any that answers counts") with { Required = true },
                        Choice("action", "wait", "a node that reaches none waits", "wait"),
                    ],
                },
            ],
        };
    }

    private static KnownElement Checker(
        string name, string meaning, ImmutableArray<KnownAttribute> attributes, ImmutableArray<KnownAttribute> to) =>
        new(name, meaning)
        {
            Many = true,
            Attributes = attributes,
            Children = [new KnownElement("to", "what is looked at") { Required = name != "module", Attributes = to }],
        };
}
