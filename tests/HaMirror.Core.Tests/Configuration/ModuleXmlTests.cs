using HaMirror.Core.Configuration;
using HaMirror.Core.Machine;
using static HaMirror.Core.Tests.Configuration.ModuleFiles;

namespace HaMirror.Core.Tests.Configuration;

public sealed class ModuleXmlTests
{
    [Fact]
    public void OldKvm_Unchanged_IsReadWithNotes()
    {
        var module = Good(Parse(OldKvm));

        Assert.Equal("/var/lib/libvirt/images/vm1", Assert.Single(module.Replication!.Directories).Path);
        Assert.Equal(TimeSpan.FromSeconds(200), module.Replication.LockTimeout);
        Assert.Equal(3, module.Replication.ResyncStreams);
        Assert.Equal(AckMode.Received, module.Replication.Ack);
        Assert.True(module.Replication.Encryption);
        Assert.Equal(("", "flow"), (module.Heart.Heartbeats[0].LanName, module.Heart.Heartbeats[0].Ident));
        Assert.Equal("", module.Heart.FlowLan);
        Assert.Equal(new ServiceConfiguration(BootPolicy.Ignore, TimeSpan.Zero, true, "alone", 3, TimeSpan.FromHours(24)), module.Service);
        Assert.Equal(
            [KeyValuePair.Create("VM_PATH", "/var/lib/libvirt/images/vm1"), KeyValuePair.Create("VM_NAME", "vm1")],
            module.User!.Variables.AsEnumerable());
        Assert.Collection(
            module.Notes,
            note => Assert.StartsWith("userconfig.xml:10: attribute \"mountover\"", note, StringComparison.Ordinal),
            note => Assert.StartsWith("userconfig.xml:11: attribute \"mode\"", note, StringComparison.Ordinal));
    }

    [Fact]
    public void NewKvm_Unchanged_IsReadWithoutNotes()
    {
        var module = Good(Parse(NewKvm));

        var check = Assert.Single(module.Checks);
        Assert.Equal("custom.vm1_check", check.Resource);
        Assert.Equal((CheckPhase.Prim, AutomaticAction.Restart), (check.When, check.Action));
        Assert.Equal("vmcheck", check.Program);
        Assert.Equal(["vm1"], check.Arguments.AsEnumerable());
        Assert.Empty(module.Notes);
        Assert.Equal("default", module.Heart.FlowLan);
    }

    [Fact]
    public void Defaults_BareModule_AreHaMirrorsOwnTimes()
    {
        var module = Good(ParseService("<rfs><replicated dir=\"/vm/a\"/></rfs><user/>"));

        Assert.Equal(TimeSpan.FromMilliseconds(200), module.Heart.Pulse);
        Assert.Equal(TimeSpan.FromSeconds(3), module.Heart.Timeout);
        Assert.Equal(new ReplicationConfiguration { Directories = module.Replication!.Directories }, module.Replication);
        Assert.Equal(TimeSpan.FromSeconds(300), module.User!.NiceStopTimeout);
        Assert.Equal(TimeSpan.FromSeconds(300), module.User.ForceStopTimeout);
        Assert.Equal(2048 * 1024, module.User.LogBytes);
        Assert.True(module.User.Logging);
        Assert.Equal(TimeSpan.FromSeconds(15), module.HandleTime);
        Assert.Empty(module.Checks);
        Assert.Null(module.Errd);
    }

    [Fact]
    public void Service_WithoutUser_RunsNoHooks() => Assert.Null(Good(ParseService("")).User);

    [Fact]
    public void Service_EveryAttribute_IsRead()
    {
        var module = Good(ParseService("", "boot=\"auto\" boot_delay=\"1500ms\" failover=\"off\" defaultprim=\"node2\" maxloop=\"5\" loop_interval=\"0\" automatic_reboot=\"off\""));
        Assert.Equal(new ServiceConfiguration(BootPolicy.Auto, TimeSpan.FromMilliseconds(1500), false, "node2", 5, TimeSpan.Zero), module.Service);
        Assert.Contains("automatic_reboot", Assert.Single(module.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Heart_SeveralLans_TakesFastestPulseAndLongestTimeout()
    {
        var heart = Good(ParseService("""
            <heart pulse="300" timeout="4000" port="8888" permanent_arp="on">
              <heartbeat name="prod" timeout="6s"/>
              <heartbeat name="repl" ident="flow" pulse="100ms"/>
            </heart>
            """)).Heart;

        Assert.Equal(TimeSpan.FromMilliseconds(100), heart.Pulse);
        Assert.Equal(TimeSpan.FromSeconds(6), heart.Timeout);
        Assert.Equal("repl", heart.FlowLan);
        Assert.Equal("prod", heart.Heartbeats[0].Ident);
    }

    [Fact]
    public void Replication_EveryAttribute_IsRead()
    {
        var replication = Good(ParseService("""
            <rfs async="none" encryption="off" locktimeout="4" sendtimeout="2500ms" nbrei="8" reiallowedbw="20000" checktime="9000" checkintv="7">
              <replicated dir="/vm//one/"><notreplicated path="./cache/"/><notreplicated regexpath="!\.qcow2$"/><tocheck path="disk.qcow2"/></replicated>
              <replicated dir="/vm/two"/>
            </rfs>
            """)).Replication!;

        Assert.Equal(AckMode.Applied, replication.Ack);
        Assert.False(replication.Encryption);
        Assert.Equal(TimeSpan.FromSeconds(4), replication.LockTimeout);
        Assert.Equal(TimeSpan.FromMilliseconds(2500), replication.SendTimeout);
        Assert.Equal(8, replication.ResyncStreams);
        Assert.Equal(20_000_000, replication.ResyncBandwidth);
        Assert.Equal(TimeSpan.FromSeconds(9), replication.CheckTime);
        Assert.Equal(TimeSpan.FromSeconds(7), replication.CheckInterval);
        var one = replication.Directories[0];
        Assert.Equal("/vm/one", one.Path);
        Assert.Equal(["cache"], one.Excluded.AsEnumerable());
        Assert.Equal([@"!\.qcow2$"], one.ExcludedPatterns.AsEnumerable());
        Assert.Equal(["disk.qcow2"], one.ToCheck.AsEnumerable());
    }

    [Fact]
    public void Checks_EveryKind_AreReadWithTheirDefaults()
    {
        var checks = Good(ParseService("""
            <user/>
            <check>
              <tcp ident="db"><to addr="127.0.0.1" port="5432" interval="2s" timeout="1"/></tcp>
              <tcp ident="early" when="pre"><to addr="::1" port="1"/></tcp>
              <ping ident="gw"><to addr="10.0.0.254"/></ping>
              <intf ident="lan"><to local_addr="10.0.0.1"/></intf>
              <ip ident="own"><to addr="10.0.0.1"/></ip>
              <custom ident="c" exec="look" arg="a b"/>
              <module name="vm0"/>
              <splitbrain arg="10.0.0.254  10.0.1.254"/>
            </check>
            """)).Checks;

        Assert.Equal(
            ["tcp.db", "tcp.early", "ping.gw", "intf.lan", "ip.own", "custom.c", "module.vm0", "splitbrain.witness"],
            checks.Select(check => check.Resource));
        Assert.Equal(
            [AutomaticAction.Restart, AutomaticAction.Wait, AutomaticAction.Wait, AutomaticAction.Wait, AutomaticAction.StopStart, null, AutomaticAction.Wait, AutomaticAction.Wait],
            checks.Select(check => check.Action));
        Assert.Equal((TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1), 5432), (checks[0].Interval, checks[0].Timeout, checks[0].Port!.Value));
        Assert.Equal(["a", "b"], checks[5].Arguments.AsEnumerable());
        Assert.Equal(["10.0.0.254", "10.0.1.254"], checks[7].Arguments.AsEnumerable());
    }

    [Fact]
    public void Errd_Processes_AreReadWithTheirBounds()
    {
        var errd = Good(ParseService("""
            <user/>
            <errd polltimer="5"><proc name="postgres" argregex="-D /db" atleast="2" atmax="9" class="both" action="restart" start_after="1"/><proc name="x" class="other"/></errd>
            """)).Errd!;
        var process = Assert.Single(errd.Processes);
        Assert.Equal(
            new ProcessConfiguration("postgres", false, null, "-D /db", 2, 9, 1, CheckPhase.Both, AutomaticAction.Restart), process);
        Assert.Equal("proc.postgres", process.Resource);
    }

    [Fact]
    public void Macro_Everywhere_IsExpandedAndWinsOverTheEnvironment()
    {
        var environment = new Dictionary<string, string> { ["BASE"] = "/env", ["WHO"] = "env" };
        var module = Good(Parse("""
            <safe><macro name="WHO" value="macro"/><macro name="DIR" value="%BASE%/%WHO%"/>
            <service mode="mirror"><rfs><replicated dir="%DIR%"/></rfs><user><var name="A" value="date +%Y%m%d %WHO%"/></user></service></safe>
            """, environment));
        Assert.Equal("/env/macro", module.Replication!.Directories[0].Path);
        Assert.Equal("date +%Y%m%d macro", module.User!.Variables[0].Value);
    }

    [Fact]
    public void Failover_SimpleRule_ChangesTheActionOfItsChecker()
    {
        var module = Good(ParseService("""
            <user/><check><custom ident="vm" exec="vmcheck"/></check>
            <failover extends="yes" handle_time="3s"><![CDATA[
              /* ours */ c_vm: if (custom.vm == down) then stopstart();
              hard: if (custom.vm == down && ping.gw == up) then wait();
            ]]></failover>
            """));
        Assert.Equal(AutomaticAction.StopStart, module.Checks[0].Action);
        Assert.Equal(TimeSpan.FromSeconds(3), module.HandleTime);
        Assert.Contains("\"hard\" is not of the form", Assert.Single(module.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<vip><interface_list><interface check=\"on\"><virtual_interface/></interface></interface_list></vip>", "vip")]
    [InlineData("<vhost><virtualhostname name=\"x\" envfile=\"y\"/></vhost>", "vhost")]
    [InlineData("<heart><heartbeat name=\"a\"><server addr=\"10.0.0.1\"/></heartbeat></heart>", "server")]
    public void Element_LegacyOrForeign_IsNotedWithItsLine(string inner, string element)
    {
        var note = Assert.Single(Good(ParseService(inner)).Notes);
        Assert.StartsWith($"userconfig.xml:2: element \"{element}\"", note, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("roflags=\"0x10\"")]
    [InlineData("iotimeout=\"300\"")]
    [InlineData("allocthreshold=\"200\"")]
    [InlineData("nfsbox_options=\"cross\"")]
    [InlineData("mountoversuffix=\"_For\"")]
    [InlineData("flow=\"x\"")]
    [InlineData("server=\"x\"")]
    [InlineData("acl=\"on\"")]
    [InlineData("packetsize=\"8192\"")]
    [InlineData("reipacketsize=\"8388608\"")]
    [InlineData("ruzone_blocksize=\"8388608\"")]
    [InlineData("namespacepolicy=\"4\"")]
    [InlineData("reitimeout=\"150\"")]
    [InlineData("reicommit=\"0\"")]
    [InlineData("reidetail=\"on\"")]
    [InlineData("nbremconn=\"2\"")]
    [InlineData("scripts=\"off\"")]
    [InlineData("syncdelta=\"0m\"")]
    [InlineData("syncat=\"5 0 * * *\"")]
    public void Replication_AttributeWithoutEffect_IsNotedWithItsLine(string attribute)
    {
        var note = Assert.Single(Good(ParseService($"<rfs {attribute}><replicated dir=\"/vm/a\"/></rfs>")).Notes);
        Assert.StartsWith($"userconfig.xml:2: attribute \"{attribute[..attribute.IndexOf('=', StringComparison.Ordinal)]}\"", note, StringComparison.Ordinal);
    }
}
