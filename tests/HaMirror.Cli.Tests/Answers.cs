// Answers as the agent gives them, in its own words (camelCase, nothing for null).
namespace HaMirror.Cli.Tests;

internal static class Answers
{
    public const string OneModule =
        """[{"module":"vm1","id":1,"configured":true,"state":"STOP","phase":"NotReady","directories":["/vm/vm1"]}]""";

    public const string TwoModules =
        """
        [{"module":"vm1","id":1,"configured":true,"state":"PRIM","phase":"Ready","directories":["/vm/vm1"]},
         {"module":"db","id":2,"configured":false,"state":"STOP","phase":"NotReady","directories":[]}]
        """;

    public static string Accepted(string action, string module = "vm1") =>
        $$"""{"module":"{{module}}","action":"{{action}}","state":"WAIT","phase":"Transient"}""";

    public static string Module(
        string state, string phase, string condition = "UpToDate", string more = "", string module = "vm1",
        bool failoverOn = true) =>
        $$"""
        {"module":"{{module}}","node":"node1","state":"{{state}}","phase":"{{phase}}","since":"2026-01-02T03:04:05Z",
         "condition":"{{condition}}","generation":"0123456789abcdef","failoverOn":{{(failoverOn ? "true" : "false")}},
         "peerHeard":false,"linked":false,"resources":[],"notes":[]{{more}}}
        """;

    public static string Node(params string[] modules) =>
        $$"""
        {"node":"node1","peer":"node2","version":"0.1.0","started":"2026-01-02T03:04:05Z",
         "lans":[{"name":"default","address":"10.0.0.1","peerAddress":"10.0.0.2","silentMilliseconds":120,"lost":false},
                 {"name":"repl","address":"10.1.0.1","peerAddress":"10.1.0.2","silentMilliseconds":4200,"lost":true},
                 {"name":"third","address":"10.2.0.1","peerAddress":"10.2.0.2","lost":true}],
         "modules":[{{string.Join(',', modules)}}]}
        """;
}
