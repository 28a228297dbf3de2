using FsCheck.Xunit;
using HaMirror.Core.Configuration;
using static HaMirror.Core.Tests.Configuration.ModuleFiles;

namespace HaMirror.Core.Tests.Configuration;

public sealed class ClusterXmlTests
{
    private const string Id = "3f2c1a4e-9d0b-4c55-8a51-6f0d2b7e1c90";

    private const string Two = "<node name=\"n1\" addr=\"10.0.0.1\"/><node name=\"n2\" addr=\"10.0.0.2\"/>";

    private static string Cluster(string lans) => $"<cluster id=\"{Id}\"><lans>\n{lans}\n</lans></cluster>";

    private static ClusterConfiguration Good(string text)
    {
        var parsed = ClusterXml.Parse(text, "cluster.xml");
        Assert.True(parsed.Succeeded, string.Join('\n', parsed.Errors));
        return parsed.Value;
    }

    [Fact]
    public void Cluster_TwoLans_IsRead()
    {
        var cluster = Good($"""
            <!DOCTYPE cluster>
            <cluster id="{Id}"><lans port="4801" pulse="100" mlost_count="20" slost_count="10">
              <lan name="prod" command="on"><node name="n1" addr="10.0.0.1" laddr="192.168.0.1"/><node name="n2" addr="host-2.example"/></lan>
              <lan name="repl"><node name="n2" addr="[fd00::2]"/><node name="n1" addr="fd00::1"/></lan>
            </lans></cluster>
            """);
        Assert.Equal(Guid.Parse(Id), cluster.Id);
        Assert.Equal(4801, cluster.Port);
        Assert.Equal(["n1", "n2"], cluster.NodeNames.AsEnumerable());
        Assert.Equal(new NodeAddress("n1", "10.0.0.1", "192.168.0.1"), cluster.Lans[0].Nodes[0]);
        Assert.Equal(new NodeAddress("n2", "fd00::2", "fd00::2"), cluster.Lans[1].Nodes[0]);
    }

    private static ModuleConfiguration Module(string inner) => ModuleFiles.Good(ParseService("<heart><heartbeat name=\"default\"/></heart>" + inner));

    [Fact]
    public void Cluster_WithWitnesses_IsReadBackAndGivesThemToModulesWithoutTheirOwn()
    {
        var cluster = Good(ClusterXml.Write(Good($"<cluster id=\"{Id}\"><lans><lan name=\"a\">{Two}</lan></lans><witness addr=\"10.0.0.254\"/><witness addr=\"[fd00::9]\"/></cluster>")));
        Assert.Equal(["10.0.0.254", "fd00::9"], cluster.Witnesses.AsEnumerable());
        Assert.False(cluster.HasSameLans(cluster with { Port = 4900 }));
        Assert.True(cluster.HasSameLans(cluster with { Witnesses = [] }));

        var plain = Module("");
        Assert.Equal(["10.0.0.254", "fd00::9"], cluster.Complete(plain).Witnesses.AsEnumerable());
        Assert.Equal("splitbrain.witness", Assert.Single(cluster.Complete(plain).Checks).Resource);
        Assert.Same(plain, (cluster with { Witnesses = [] }).Complete(plain));
        var own = Module("<check><splitbrain arg=\"10.9.9.9\"/></check>");
        Assert.Equal(["10.9.9.9"], cluster.Complete(own).Witnesses.AsEnumerable());
    }

    [Theory]
    [InlineData("<witness addr=\"10.0.0.1\"/>", "the witness \"10.0.0.1\" is the node \"n1\" itself")]
    [InlineData("<witness addr=\"10.0.0.9\"/><witness addr=\"10.0.0.9\"/>", "stands here twice")]
    [InlineData("<witness addr=\"10.0.9\"/>", "no IPv4 address")]
    [InlineData("<witness/>", "needs the attribute \"addr\"")]
    public void Cluster_WrongWitness_IsRefusedWithAReason(string witness, string reason)
    {
        var parsed = ClusterXml.Parse($"<cluster id=\"{Id}\"><lans><lan name=\"a\">{Two}</lan></lans>{witness}</cluster>", "cluster.xml");
        Assert.False(parsed.Succeeded);
        Assert.Contains(parsed.Errors, error => error.ToString().Contains(reason));
    }

    [Fact]
    public void Cluster_Written_IsReadBackEqual()
    {
        var cluster = Good(Cluster($"<lan name=\"a &amp; b\">{Two}</lan><lan name=\"c\"><node name=\"n1\" addr=\"h1\" laddr=\"h3\"/><node name=\"n2\" addr=\"h2\"/></lan>"));
        var again = Good(ClusterXml.Write(cluster));
        Assert.Equal(ClusterXml.Write(cluster), ClusterXml.Write(again));
        Assert.Equal(cluster.Lans.SelectMany(lan => lan.Nodes), again.Lans.SelectMany(lan => lan.Nodes));
        Assert.Equal(("a & b", cluster.Id, cluster.Port), (again.Lans[0].Name, again.Id, again.Port));
    }

    [Theory]
    [InlineData("<lan name=\"a\"><node name=\"n1\" addr=\"10.0.0.1\"/></lan>", "2:2: the LAN \"a\" has 1 node(s); a cluster has exactly two")]
    [InlineData("<lan name=\"a\">" + Two + "<node name=\"n3\" addr=\"10.0.0.3\"/></lan>", "has 3 node(s)")]
    [InlineData("<lan name=\"a\">" + Two + "</lan>\n<lan name=\"a\">" + Two + "</lan>", "3:6: two LANs are named \"a\"")]
    [InlineData("<lan name=\"a\">" + Two + "</lan><lan name=\"b\"><node name=\"n1\" addr=\"x\"/><node name=\"n9\" addr=\"y\"/></lan>", "must have the same two nodes")]
    [InlineData("<lan name=\"a\"><node name=\"n1\" addr=\"10.0.0.1\"/><node name=\"n1\" addr=\"10.0.0.2\"/></lan>", "are named \"n1\"")]
    [InlineData("<lan name=\"a\"><node name=\"n1\" addr=\"10.0.0.1\"/><node name=\"n2\" addr=\"10.0.0.1\"/></lan>", "have the address")]
    [InlineData("<lan name=\"a\"><node name=\"n1\" adr=\"10.0.0.1\" addr=\"x\"/><node name=\"n2\" addr=\"y\"/></lan>", "did you mean \"addr\"?")]
    [InlineData("<lan name=\"a\"><node name=\"n 1\" addr=\"10.0.0.1\"/><node name=\"n2\" addr=\"10.0.0.2\"/></lan>", "is no name of a node")]
    [InlineData("<lan name=\"a\"><node name=\"n1\" addr=\"10.0.1\"/><node name=\"n2\" addr=\"10.0.0.2\"/></lan>", "no IPv4 address")]
    [InlineData("<lan name=\"a\"><node name=\"n1\" addr=\"10.0.0.1:4800\"/><node name=\"n2\" addr=\"10.0.0.2\"/></lan>", "a port does not belong here")]
    [InlineData("", "needs an element \"lan\"")]
    public void Lans_Wrong_AreRefusedAtTheirPlace(string lans, string message) =>
        Assert.Contains(message, Refusal(ClusterXml.Parse(Cluster(lans), "cluster.xml")).ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("<cluster><lans><lan name=\"a\">" + Two + "</lan></lans></cluster>", "needs the attribute \"id\"")]
    [InlineData("<cluster id=\"x\"><lans><lan name=\"a\">" + Two + "</lan></lans></cluster>", "is no identity of a cluster")]
    [InlineData("<safe/>", "the root of the cluster's configuration is \"cluster\"")]
    [InlineData("<!DOCTYPE c [<!ENTITY x \"y\">]><cluster/>", "entities are not supported")]
    public void File_Wrong_IsRefused(string text, string message) =>
        Assert.Contains(message, Refusal(ClusterXml.Parse(text, "cluster.xml")).ToString(), StringComparison.Ordinal);

    [Fact]
    public void FindLan_EmptyAndDefault_AreTheFirst()
    {
        var cluster = Good(Cluster($"<lan name=\"a\">{Two}</lan><lan name=\"b\">{Two}</lan>"));
        Assert.Equal("a", cluster.FindLan("")!.Name);
        Assert.Equal("a", cluster.FindLan("default")!.Name);
        Assert.Equal("b", cluster.FindLan("b")!.Name);
        Assert.Null(cluster.FindLan("c"));
    }

    [Fact]
    public void Misfits_UnknownLanAndNode_AreNamed()
    {
        var cluster = Good(Cluster($"<lan name=\"prod\">{Two}</lan>"));
        Assert.Empty(cluster.Misfits(ModuleFiles.Good(Parse(OldKvm))));
        Assert.Empty(cluster.Misfits(ModuleFiles.Good(Parse(NewKvm))));
        var module = ModuleFiles.Good(ParseService("<heart><heartbeat name=\"prd\"/></heart>", "defaultprim=\"n3\""));
        Assert.Collection(
            cluster.Misfits(module),
            sentence => Assert.Contains("did you mean \"prod\"?", sentence, StringComparison.Ordinal),
            sentence => Assert.Contains("defaultprim \"n3\"", sentence, StringComparison.Ordinal));
    }

    [Property(MaxTest = 300)]
    public bool File_AnyText_NeverThrows(string? text) => !ClusterXml.Parse(text ?? "", "cluster.xml").Succeeded;
}
