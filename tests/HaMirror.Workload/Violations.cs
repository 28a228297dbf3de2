using System.Globalization;

namespace HaMirror.Workload;

/// <summary>What must never happen, told to the test through a file; one line each.</summary>
internal sealed class Violations(string directory, ControlPage page, long epoch, string who)
{
    public const string FileName = "violations";

    public void Add(string text) => File.AppendAllText(
        Path.Combine(directory, FileName),
        string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:HH:mm:ss.fff} epoch {epoch} on {who}: {text}\n"));

    /// <summary>Something was acknowledged here: no later service may have been started anywhere.</summary>
    public void CheckEpoch(string what)
    {
        if (page.Epoch is var newest && newest != epoch)
            Add($"two nodes serve: {what} was acknowledged here although epoch {newest} has begun.");
    }
}
