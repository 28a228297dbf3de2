// Files that a resync removes and that are too large to be copied into the journal meanwhile: each gets one more name beside the
// replica, ROOT/.hamirror-kept/<journal>/<inode>, which costs nothing, however large it is. <journal> is when its resync began, in ms.
// Invariants: (1) that name is on stable storage before the last one within the replica goes; (2) what stands there belongs to its
// node and is never replicated (ReplicationFilter); (3) it counts while its journal is there, as undo record or as salvage set, and
// is swept away after that; what cannot be judged stays.
using System.Globalization;
using HaMirror.Core.Configuration;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Preimages;

/// <summary>The kept files of one journal.</summary>
/// <param name="origin">Of the journal.</param>
/// <param name="bytesMin">Allocated bytes from which a file is kept; a smaller one is copied sooner than a name is made durable.</param>
internal sealed unsafe class KeptFiles(IReadOnlyList<TargetRoot> roots, PreimageOrigin origin, ulong bytesMin)
{
    /// <summary>Of what is free on a file system, the part that kept files may withhold from it.</summary>
    private const double FreePart = 0.5;

    /// <summary>A file system with less than this of it free is full.</summary>
    private const double FullPart = 0.01;

    private const int PathFlags = OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec;
    private const int DirectoryFlags = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec;
    private const uint OwnerOnly = 0x1C0;

    /// <summary>Bytes that may still be kept, by file system.</summary>
    private readonly Dictionary<ulong, long> _room = [];

    /// <summary>Path of a kept file within its root.</summary>
    public static string PathOf(PreimageOrigin origin, ulong inode) => $"{DirectoryOf(origin)}/{NameOf(inode)}";

    /// <summary>Gives a file that is about to lose its last name one that lasts.</summary>
    /// <param name="parent">Directory of the name that goes.</param>
    /// <param name="kept">Of all files that are kept.</param>
    /// <returns>False: it is not kept, and has to be copied.</returns>
    public bool TryKeep(int root, int parent, byte* name, in NativeStat stat, ulong kept)
    {
        var bytes = stat.Blocks * 512;
        if (bytes < bytesMin || RoomOn(roots[root], stat.Device, kept) < (long)bytes)
            return false;
        var file = Shim.Open(parent, name, PathFlags, 0);
        if (file < 0)
            return false;
        var directory = OpenOwn(roots[root]);
        var result = directory < 0 ? directory : Shim.Link(file, directory, NameOf(stat.Inode));
        NativeStat found;
        // Of an attempt that was broken off.
        if (result == -Errno.EEXIST)
            result = Shim.StatAt(directory, NameOf(stat.Inode), &found) >= 0 && found.Inode == stat.Inode ? 0 : result;
        if (result >= 0)
            result = Shim.Sync(directory, 0);
        _ = Shim.Close(file);
        if (directory >= 0)
            _ = Shim.Close(directory);
        if (result < 0)
            return false;
        _room[stat.Device] -= (long)bytes;
        return true;
    }

    /// <summary>Whether a file system of the replica is full.</summary>
    public bool IsFull => roots.Any(root => Free(root.Descriptor) is var (free, all) && free < all * FullPart);

    /// <summary>Names of all that is kept in a root, and where it stands.</summary>
    /// <exception cref="IOException">It cannot be read; the message is a sentence.</exception>
    public static IEnumerable<(ulong Inode, string Path)> In(TargetRoot root, PreimageOrigin origin)
    {
        var directory = Shim.Open(root.Descriptor, DirectoryOf(origin), DirectoryFlags, 0);
        if (directory < 0)
            return [];
        var names = new List<ListedName>();
        var error = DirectoryListing.Read(directory, names);
        _ = Shim.Close(directory);
        Shim.Check(error, $"list {DirectoryOf(origin)} in {root.Path}");
        return [.. names.Where(name => ulong.TryParse(name.Text, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .Select(name => (ulong.Parse(name.Text, CultureInfo.InvariantCulture), $"{DirectoryOf(origin)}/{name.Text}"))];
    }

    /// <summary>Removes what is kept for journals that are there no more.</summary>
    /// <param name="needed">Asked, after the look at what is kept, for the origins of all journals that there are.</param>
    /// <returns>Null, or what went wrong, as a sentence.</returns>
    public static string? Sweep(int root, string path, Func<IReadOnlyCollection<PreimageOrigin>> needed)
    {
        var top = Shim.Open(root, ReplicationFilter.KeptName, DirectoryFlags, 0);
        if (top == -Errno.ENOENT)
            return null;
        try
        {
            Shim.Check(top, $"open {ReplicationFilter.KeptName} in {path}");
            var names = new List<ListedName>();
            Shim.Check(DirectoryListing.Read(top, names), $"list {ReplicationFilter.KeptName} in {path}");
            // Looked at first: a journal that begins meanwhile has its origin before it has a directory.
            var stays = needed().Select(Number).ToHashSet();
            foreach (var name in names)
                if (!stays.Contains(name.Text) && long.TryParse(name.Text, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                    Shim.Check(Remove(top, name.Text), $"remove {ReplicationFilter.KeptName}/{name.Text} in {path}");
            _ = WithTimes(root, () => Shim.Unlink(root, ReplicationFilter.KeptName, 1)); // Once it is empty.
            return null;
        }
        catch (IOException failure)
        {
            return failure.Message;
        }
        finally
        {
            if (top >= 0)
                _ = Shim.Close(top);
        }
    }

    /// <summary>Removes what is kept for this journal: everything has its own name again.</summary>
    /// <exception cref="IOException">The message is a sentence.</exception>
    public static void Remove(TargetRoot root, PreimageOrigin origin)
    {
        var top = Shim.Open(root.Descriptor, ReplicationFilter.KeptName, DirectoryFlags, 0);
        if (top < 0)
            return;
        var removed = Remove(top, Number(origin));
        _ = Shim.Close(top);
        Shim.Check(removed == -Errno.ENOENT ? 0 : removed, $"remove {DirectoryOf(origin)} in {root.Path}");
        CloseTop(root);
    }

    /// <summary>Opens what a node keeps for itself in a root; made when it is missing, and durable then.</summary>
    /// <returns>A descriptor or -errno.</returns>
    public static int OpenTop(TargetRoot root)
    {
        var found = Shim.Open(root.Descriptor, ReplicationFilter.KeptName, DirectoryFlags, 0);
        if (found != -Errno.ENOENT)
            return found;
        // The root may have been opened with O_PATH, which cannot be synced.
        var own = Shim.Open(root.Descriptor, "", DirectoryFlags, 0);
        if (own < 0)
            return own;
        var made = WithTimes(own, () => Make(own, ReplicationFilter.KeptName));
        _ = Shim.Close(own);
        return made < 0 ? made : Shim.Open(root.Descriptor, ReplicationFilter.KeptName, DirectoryFlags, 0);
    }

    /// <summary>Removes what <see cref="OpenTop"/> made, once it is empty.</summary>
    public static void CloseTop(TargetRoot root) =>
        _ = WithTimes(root.Descriptor, () => Shim.Unlink(root.Descriptor, ReplicationFilter.KeptName, 1));

    /// <summary>What is kept beside the replica is no change of it: the root keeps its times.</summary>
    private static int WithTimes(int root, Func<int> act)
    {
        const long nanoseconds = 1_000_000_000;
        NativeStat stat;
        var found = Shim.StatAt(root, "", &stat);
        var result = act();
        if (found >= 0 && result >= 0)
            _ = TargetNames.SetTimes(
                root, (stat.AccessSeconds * nanoseconds) + stat.AccessNanoseconds, (stat.ModifySeconds * nanoseconds) + stat.ModifyNanoseconds);
        return result;
    }

    private static int Remove(int top, string name)
    {
        var directory = Shim.Open(top, name, DirectoryFlags, 0);
        if (directory < 0)
            return directory;
        var names = new List<ListedName>();
        var error = DirectoryListing.Read(directory, names);
        foreach (var file in names)
            error = Math.Min(error, Shim.Unlink(directory, file.Text, 0));
        _ = Shim.Close(directory);
        return error < 0 ? error : Shim.Unlink(top, name, 1);
    }

    private static string Number(PreimageOrigin origin) => origin.Began.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    private static string NameOf(ulong inode) => inode.ToString(CultureInfo.InvariantCulture);

    private static string DirectoryOf(PreimageOrigin origin) => $"{ReplicationFilter.KeptName}/{Number(origin)}";

    private long RoomOn(TargetRoot root, ulong device, ulong kept)
    {
        if (!_room.TryGetValue(device, out var room))
            _room.Add(device, room = Free(root.Descriptor) is var (free, _) ? (long)((free + kept) * FreePart) - (long)kept : 0);
        return room;
    }

    private static (double Free, double All)? Free(int descriptor)
    {
        const int blocks = 2;
        const int available = 4;
        const int fragment = 8;
        var fields = stackalloc ulong[9];
        return Shim.FileSystemStat(descriptor, fields) < 0
            ? null
            : ((double)fields[available] * fields[fragment], (double)fields[blocks] * fields[fragment]);
    }

    /// <summary>The journal's directory in a root, made when it is missing, and durable then.</summary>
    private int OpenOwn(TargetRoot root)
    {
        var path = DirectoryOf(origin);
        var found = Shim.Open(root.Descriptor, path, DirectoryFlags, 0);
        if (found != -Errno.ENOENT)
            return found;
        var top = OpenTop(root);
        if (top < 0)
            return top;
        var made = Make(top, Number(origin));
        _ = Shim.Close(top);
        return made < 0 ? made : Shim.Open(root.Descriptor, path, DirectoryFlags, 0);
    }

    private static int Make(int parent, string name)
    {
        var made = Shim.MakeDirectory(parent, name, OwnerOnly);
        return made is < 0 and not -Errno.EEXIST ? made : Shim.Sync(parent, 0);
    }
}
