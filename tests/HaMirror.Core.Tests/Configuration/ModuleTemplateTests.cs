using HaMirror.Core.Configuration;
using HaMirror.Core.Machine;
using static HaMirror.Core.Tests.Configuration.ModuleFiles;

namespace HaMirror.Core.Tests.Configuration;

/// <summary>The templates under <c>modules/</c> are configurations that work as they are.</summary>
public sealed class ModuleTemplateTests
{
    private static ModuleConfiguration Template(string name)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "modules", name, "conf", "userconfig.xml"));
        return Good(ModuleXml.Parse(text, "userconfig.xml", "shop", NoEnvironment));
    }

    [Fact]
    public void Kvm_AsItIs_MirrorsTheVmOfTheModulesName()
    {
        var module = Template("kvm");
        Assert.Equal("/var/lib/libvirt/images/shop", module.Replication!.Directories[0].Path);
        Assert.Equal(
            [KeyValuePair.Create("VM_PATH", "/var/lib/libvirt/images/shop"), KeyValuePair.Create("VM_NAME", "shop")],
            module.User!.Variables.AsEnumerable());
        Assert.Equal(("custom.shop_check", AutomaticAction.Restart), (module.Checks[0].Resource, module.Checks[0].Action!.Value));
        Assert.Equal(TimeSpan.FromSeconds(2), module.HandleTime);
        Assert.Empty(module.Notes);
    }

    [Fact]
    public void Mirror_AsItIs_MirrorsADirectoryOfTheModulesName()
    {
        var module = Template("mirror");
        Assert.Equal("/srv/shop", module.Replication!.Directories[0].Path);
        Assert.Empty(module.Checks);
        Assert.Empty(module.Notes);
    }
}
