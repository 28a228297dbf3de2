using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Modules;

/// <summary>What an operator wanted of a module last, and what must outlive the agent.</summary>
/// <param name="Running">Started and not stopped since: an end of the agent or of the host does not change it.</param>
/// <param name="HostBoot">The kernel's boot id when it was started: another one means that the host has rebooted.</param>
/// <param name="FailoverOn">Set by <c>hamirror failover</c>; null: as the configuration says.</param>
internal sealed record ModuleIntent(bool Running, string HostBoot, bool? FailoverOn)
{
    public static readonly ModuleIntent None = new(false, "", null);

    /// <summary>A random number that the kernel makes at each boot.</summary>
    public static string PresentHostBoot() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>A damaged file counts as "not running": nothing starts that nobody asked for.</summary>
    public static ModuleIntent Load(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ModuleIntentJson.Default.ModuleIntent) ?? None;
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            return None;
        }
    }

    /// <exception cref="IOException">The message is a sentence that names the file.</exception>
    public void Save(string path) =>
        AtomicFile.Replace(path, JsonSerializer.SerializeToUtf8Bytes(this, ModuleIntentJson.Default.ModuleIntent));
}

[JsonSerializable(typeof(ModuleIntent))]
internal sealed partial class ModuleIntentJson : JsonSerializerContext;
