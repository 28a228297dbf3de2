namespace HaMirror.Workload;

/// <summary>A file of the mount that a process holds open for writing as long as it lives, as every database and every QEMU
/// does: by that the guard knows whom to end.</summary>
internal static class Alive
{
    public static FileStream Hold(string directory, int slot) =>
        new(Path.Combine(directory, $".alive-{slot}"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
}
