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

    private const uint Magic = 0x54524D48; // "HMRT"

    /// <summary>1: the first.</summary>
    private const uint Version = 1;

    /// <summary>A damaged file counts as "not running" and as failover off: nothing starts that nobody asked for.</summary>
    /// <param name="refusal">Null, or what is wrong with the file and what to do, as a sentence.</param>
    public static ModuleIntent Load(string path, out string? refusal)
    {
        CheckedFile.Load(path, Magic, Version, out var content, out var fault);
        refusal = null;
        if (fault is null && content is null) return None;
        try
        {
            if (fault is null && JsonSerializer.Deserialize(content, ModuleIntentJson.Default.ModuleIntent) is { } intent) return intent;
        }
        catch (JsonException)
        {
            fault = "holds nothing that this release knows";
        }

        refusal = $"{path} {fault ?? "is empty"}, so it is not known whether the module is to run and to fail over by itself: it is not started, and "
            + "failover is off. Say it again with 'hamirror start' and 'hamirror failover on'.";
        return new ModuleIntent(false, "", false);
    }

    /// <exception cref="IOException">The message is a sentence that names the file.</exception>
    public void Save(string path) =>
        CheckedFile.Save(path, Magic, Version, JsonSerializer.SerializeToUtf8Bytes(this, ModuleIntentJson.Default.ModuleIntent));
}

[JsonSerializable(typeof(ModuleIntent))]
internal sealed partial class ModuleIntentJson : JsonSerializerContext;
