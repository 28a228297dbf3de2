using System.Collections.Immutable;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Modules;
using HaMirror.Core.Api;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Tests;

public sealed class ModuleCatalogTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("hamirror-catalog-").FullName;
    private readonly ModuleCatalog _catalog;
    private readonly AgentFiles _files;

    public ModuleCatalogTests()
    {
        _files = new AgentFiles(_root);
        _catalog = new ModuleCatalog(_files, new VersionStore(_files, TimeProvider.System));
        Directory.CreateDirectory(Template + "/conf");
        Directory.CreateDirectory(Template + "/bin");
        File.WriteAllText(Template + "/conf/userconfig.xml", """
            <safe><macro name="NAME" value="x"/><service mode="mirror"><heart><heartbeat name="default"/></heart>
            <rfs><replicated dir="/vm/%NAME%"/></rfs></service></safe>
            """);
        File.WriteAllText(Template + "/bin/start_prim", "#!/bin/sh\n");
        File.SetUnixFileMode(Template + "/bin/start_prim", UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    private string Template => _root + "/template";

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Module_AddedAndActivated_RunsWithItsOwnCopy()
    {
        Add("vm1", "one & two");
        Assert.Null(_catalog.Load("vm1").Active);
        _catalog.Check("vm1", null, []);
        _catalog.Activate("vm1", "test");
        var loaded = _catalog.Load("vm1");
        Assert.Equal("/vm/one & two", Assert.Single(loaded.Active!.Replication!.Directories).Path);
        Assert.True(File.GetUnixFileMode(_files.ActiveConfigurationDirectory("vm1") + "/bin/start_prim").HasFlag(UnixFileMode.UserExecute));

        File.WriteAllText(_files.ModuleConfigurationFile("vm1"), "nonsense");
        Assert.Equal(loaded.Hash, _catalog.Load("vm1").Hash);
    }

    [Fact]
    public void Check_DirectoryMissing_NotesItUntilItIsThere()
    {
        var place = _root + "/vm";
        File.WriteAllText(Template + "/conf/userconfig.xml", $"""
            <safe><macro name="NAME" value="x"/><service mode="mirror"><heart><heartbeat name="default"/></heart>
            <rfs><replicated dir="{place}"/></rfs></service></safe>
            """);
        Add("vm1", "a");
        Assert.Contains(place + " is missing", Assert.Single(_catalog.Check("vm1", null, []).Notes));
        Directory.CreateDirectory(place);
        Assert.Empty(_catalog.Check("vm1", null, []).Notes);
    }

    [Fact]
    public void Hash_OfAChangedHook_IsAnotherOne()
    {
        Add("vm1", "a");
        _catalog.Activate("vm1", "test");
        var before = _catalog.Load("vm1").Hash;
        _catalog.Activate("vm1", "test");
        Assert.Equal(before, _catalog.Load("vm1").Hash);
        File.AppendAllText(_files.ModuleHooksDirectory("vm1") + "/stop_prim", "true\n");
        _catalog.Activate("vm1", "test");
        Assert.NotEqual(before, _catalog.Load("vm1").Hash);
    }

    [Fact]
    public void Activation_CutShort_LeavesOneWholeCopy()
    {
        Add("vm1", "a");
        _catalog.Activate("vm1", "test");
        var before = _catalog.Load("vm1").Hash;
        Directory.CreateDirectory(_files.ModuleStateDirectory("vm1") + "/active.next/conf"); // Half made, or what was there before.
        Assert.Equal(before, _catalog.Load("vm1").Hash);
        File.AppendAllText(_files.ModuleHooksDirectory("vm1") + "/stop_prim", "true\n");
        _catalog.Activate("vm1", "test");
        Assert.NotEqual(before, _catalog.Load("vm1").Hash);
        Assert.False(Directory.Exists(_files.ModuleStateDirectory("vm1") + "/active.next"));
    }

    [Fact]
    public void Numbers_AreTheLowestFreeOnes()
    {
        foreach (var name in new[] { "a", "b", "c" }) Add(name, name);
        Assert.Equal([1, 2, 3], _catalog.Names().Select(name => _catalog.Load(name).Number));
        _catalog.Remove("b");
        Add("d", "d");
        Assert.Equal(2, _catalog.Load("d").Number);
        Assert.Equal(5604, _catalog.Load("d").Port);
    }

    [Fact]
    public void Configuration_WithFaults_IsRefusedWithEachFaultsPlace()
    {
        Add("vm1", "a");
        File.WriteAllText(_files.ModuleConfigurationFile("vm1"), "<safe>\n<service mode=\"mirror\" maxlop=\"3\">\n<heart/></service></safe>");
        var refusal = Assert.Throws<Refusal>(() => _catalog.Check("vm1", null, []));
        Assert.Equal(Refusal.Unprocessable, refusal.Status);
        Assert.Contains(refusal.Errors, error => error.Contains("userconfig.xml:2:", StringComparison.Ordinal) && error.Contains("maxloop", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("same")]
    [InlineData("same/below")]
    public void Directory_OfAnotherModule_IsRefused(string directory)
    {
        Add("vm1", "same");
        _catalog.Activate("vm1", "test");
        Add("vm2", directory);
        var refusal = Assert.Throws<Refusal>(() => _catalog.Check("vm2", null, [_catalog.Load("vm1")]));
        Assert.Contains("vm1", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("")]
    [InlineData("a b")]
    public void Name_ThatIsNone_IsRefused(string name) =>
        Assert.Equal(Refusal.BadRequest, Assert.Throws<Refusal>(() => Add(name, "a")).Status);

    [Fact]
    public void Template_ThatDoesNotExist_IsRefused() =>
        Assert.Equal(Refusal.NotFound, Assert.Throws<Refusal>(() => _catalog.Add(new ModuleAddRequest("vm1", "/nowhere", null))).Status);

    [Fact]
    public void Macro_ThatTheTemplateLacks_IsRefusedAndNothingIsLeft()
    {
        var request = new ModuleAddRequest("vm1", Template, ImmutableDictionary<string, string>.Empty.Add("NONE", "x"));
        Assert.Equal(Refusal.BadRequest, Assert.Throws<Refusal>(() => _catalog.Add(request)).Status);
        Assert.Empty(_catalog.Names());
    }

    private void Add(string module, string value) =>
        _catalog.Add(new ModuleAddRequest(module, Template, ImmutableDictionary<string, string>.Empty.Add("NAME", value)));
}
