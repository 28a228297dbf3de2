using System.Reflection;

namespace HaMirror.Agent.Hosting;

/// <summary>The version of this program, as status shows it.</summary>
internal static class AgentVersion
{
    public static readonly string Text =
        typeof(AgentVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";
}
