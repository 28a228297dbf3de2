using HaMirror.Core.Configuration;

namespace HaMirror.Core.Tests.Configuration;

/// <summary>Files of modules as they are found on real nodes, and a short way to parse pieces.</summary>
internal static class ModuleFiles
{
    /// <summary>The structure of kvm.safe as it was shipped for SafeKit 7 (reference, section 1).</summary>
    public const string OldKvm = """
        <!DOCTYPE safe>
        <safe>
          <!-- where the images are, and which VM -->
          <macro name="VM_PATH" value="/var/lib/libvirt/images"/>
          <macro name="VM_NAME" value="vm1"/>
          <service mode="mirror" defaultprim="alone" maxloop="3" loop_interval="24" failover="on">
            <heart>
              <heartbeat name="" ident="flow"/>
            </heart>
            <rfs mountover="off" async="second" locktimeout="200" nbrei="3">
              <replicated dir="%VM_PATH%/%VM_NAME%" mode="read_only"/>
              <!-- <replicated dir="/var/lib/libvirt/qemu/snapshot/%VM_NAME%" mode="read_only"/> -->
            </rfs>
            <user nicestoptimeout="300" forcestoptimeout="300" logging="userlog">
              <var name="VM_PATH" value="%VM_PATH%/%VM_NAME%"/>
              <var name="VM_NAME" value="%VM_NAME%"/>
            </user>
          </service>
        </safe>
        """;

    /// <summary>The structure of kvm.safe as it is shipped for SafeKit 8.2.</summary>
    public const string NewKvm = """
        <?xml version="1.0" encoding="UTF-8"?>
        <!DOCTYPE safe>
        <safe>
          <macro name="VM_PATH" value="/var/lib/libvirt/images"/>
          <macro name="VM_NAME" value="vm1"/>
          <service mode="mirror">
            <heart>
              <heartbeat name="default"/>
            </heart>
            <rfs>
              <replicated dir="%VM_PATH%/%VM_NAME%"/>
            </rfs>
            <user>
              <var name="VM_PATH" value="%VM_PATH%/%VM_NAME%"/>
              <var name="VM_NAME" value="%VM_NAME%"/>
            </user>
            <check>
              <custom ident="%VM_NAME%_check" exec="vmcheck" arg="%VM_NAME%" when="prim" action="restart"/>
            </check>
          </service>
        </safe>
        """;

    public static readonly IReadOnlyDictionary<string, string> NoEnvironment = new Dictionary<string, string>();

    public static Parsed<ModuleConfiguration> Parse(string text, IReadOnlyDictionary<string, string>? environment = null) =>
        ModuleXml.Parse(text, "userconfig.xml", "vm1", environment ?? NoEnvironment);

    /// <summary>Parses a service that contains <paramref name="inner"/>, which begins on line 2.</summary>
    public static Parsed<ModuleConfiguration> ParseService(string inner, string attributes = "") =>
        Parse($"<safe><service mode=\"mirror\" {attributes}>\n{inner}\n</service></safe>");

    public static ModuleConfiguration Good(Parsed<ModuleConfiguration> parsed)
    {
        Assert.True(parsed.Succeeded, string.Join('\n', parsed.Errors));
        return parsed.Value;
    }

    /// <summary>The only error of a refused file.</summary>
    public static ConfigurationError Refusal<T>(Parsed<T> parsed)
        where T : class
    {
        Assert.False(parsed.Succeeded, "the file was accepted");
        return Assert.Single(parsed.Errors);
    }
}
