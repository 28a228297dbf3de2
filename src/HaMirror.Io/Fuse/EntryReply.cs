// Attributes in the kernel's form.
using HaMirror.Io.Native;

namespace HaMirror.Io.Fuse;

/// <summary>Fills replies from what stat found.</summary>
internal static unsafe class EntryReply
{
    internal static void Fill(FuseWire.EntryOut* entry, FileNode node, in NativeStat stat, ulong validSeconds)
    {
        *entry = default;
        entry->Node = node.Number;
        entry->EntryValidSeconds = validSeconds;
        entry->AttributesValidSeconds = AttributesValid(stat, validSeconds);
        Fill(&entry->Attributes, node.Detached is { IsKnown: true } detached ? detached.Stat : stat);
    }

    internal static void Fill(FuseWire.AttributesOut* reply, in NativeStat stat, ulong validSeconds)
    {
        *reply = default;
        reply->ValidSeconds = AttributesValid(stat, validSeconds);
        Fill(&reply->Attributes, stat);
    }

    /// <summary>A device number as the kernel's new_encode_dev packs it.</summary>
    internal static uint PackDevice(uint major, uint minor) => (minor & 0xff) | (major << 8) | ((minor & ~0xffu) << 12);

    internal static uint MajorOf(uint device) => (device & 0xfff00) >> 8;

    internal static uint MinorOf(uint device) => (device & 0xff) | ((device >> 12) & 0xfff00);

    // A write may drop set-user-ID and set-group-ID, and the kernel does not expect a mode to change by that: it must
    // ask again every time while a file has them.
    private static ulong AttributesValid(in NativeStat stat, ulong seconds) =>
        ModeBits.IsRegular(stat.Mode) && ModeBits.WithoutPrivileges(stat.Mode) != stat.Mode ? 0 : seconds;

    private static void Fill(FuseWire.Attributes* to, in NativeStat stat)
    {
        to->Inode = stat.Inode;
        to->Size = stat.Size;
        to->Blocks = stat.Blocks;
        to->AccessSeconds = (ulong)stat.AccessSeconds;
        to->ModifySeconds = (ulong)stat.ModifySeconds;
        to->ChangeSeconds = (ulong)stat.ChangeSeconds;
        to->AccessNanoseconds = stat.AccessNanoseconds;
        to->ModifyNanoseconds = stat.ModifyNanoseconds;
        to->ChangeNanoseconds = stat.ChangeNanoseconds;
        to->Mode = stat.Mode;
        to->Links = stat.Links;
        to->Uid = stat.Uid;
        to->Gid = stat.Gid;
        to->DeviceNode = PackDevice(stat.DeviceNodeMajor, stat.DeviceNodeMinor);
        to->BlockSize = stat.BlockSize;
    }
}
