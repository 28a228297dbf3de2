// One request on its way: where its bytes lie, what it was found to be, what it changed, and its reply.
// The pump sets Header, Data, DataCapacity and Length; Take sets the middle part; Execute or a Complete method the
// reply. Invariant: no field refers to memory that moves, so a slot can be held for as long as a gate is closed.
using System.Runtime.CompilerServices;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Io.Fuse;

/// <summary>A FUSE request in the pump's array of slots.</summary>
public unsafe struct FuseRequest
{
    /// <summary>Room of <see cref="Shim.FuseHeaderBytes"/> bytes.</summary>
    public byte* Header;

    /// <summary>Page-aligned room of <see cref="DataCapacity"/> bytes; the data of a write, later the reply's
    /// payload.</summary>
    public byte* Data;

    /// <summary>At least <see cref="FuseFileSystem.DataBytesMin"/>.</summary>
    public ulong DataCapacity;

    /// <summary>Bytes that the kernel delivered, header included.</summary>
    public long Length;

    /// <summary>The kernel's number of the request, for the reply.</summary>
    public ulong Unique;

    /// <summary>What is asked for.</summary>
    public FuseOpcode Opcode;

    /// <summary>The file read, written, flushed, or whose range changes; null when names only are concerned.</summary>
    public FileNode? Node;

    /// <summary>Read, write, flush: the descriptor to use.</summary>
    public int Descriptor;

    /// <summary>Read, write: begin in bytes. Change of data: begin of the range to be gated and, after Execute, of
    /// the range that changed.</summary>
    public ulong Offset;

    /// <summary>Read, write: length in bytes. Change of data: length of the range (up to the end of the file and beyond
    /// while it is gated); 0 when the change concerns no data.</summary>
    public ulong Bytes;

    /// <summary>A range changes by this: what a Fallocate frame has to say about it.</summary>
    public RangeChange Range;

    /// <summary>With <see cref="RangeChange.Allocate"/>: the FALLOC_FL_ bits.</summary>
    public int AllocateMode;

    /// <summary>Write: from an O_SYNC or O_DSYNC descriptor; acknowledge it only once durable.</summary>
    public bool Durable;

    /// <summary>Flush: content and size suffice (fdatasync).</summary>
    public bool DataOnly;

    /// <summary>Flush, durable write: whose it is.</summary>
    internal FileHandle? Handle;

    /// <summary>Read, write: <see cref="Descriptor"/> is O_DIRECT and the range is aligned for it.</summary>
    public bool Direct;

    /// <summary>Write: the file has set-user-ID or set-group-ID bits that this write takes away. Execute the request
    /// before the write: that drops them and leaves the change in <see cref="Change"/>.</summary>
    public bool DropsPrivileges;

    /// <summary>After Execute: what must be replicated before the reply; null when nothing.</summary>
    public NamespaceChange? Change;

    /// <summary>After Execute: a second change to be replicated behind the first; null nearly always.</summary>
    public NamespaceChange? FurtherChange;

    /// <summary>Reply: 0 or a positive errno.</summary>
    public int Error;

    /// <summary>Reply: bytes at <see cref="Payload"/>; 0 with an error.</summary>
    public uint PayloadBytes;

    /// <summary>Reply: lies in <see cref="Data"/> or <see cref="Header"/>.</summary>
    public byte* Payload;

    /// <summary>Set by Take when the request can only fail: the errno that Execute answers.</summary>
    internal int Refusal;

    internal readonly ref FuseWire.InHeader In => ref Unsafe.AsRef<FuseWire.InHeader>(Header);

    /// <summary>Takes the result of a read: bytes or -errno.</summary>
    public void CompleteRead(long result)
    {
        Error = result < 0 ? (int)-result : 0;
        Payload = Data;
        PayloadBytes = result < 0 ? 0 : (uint)result;
    }

    /// <summary>Takes the result of a write: bytes or -errno.</summary>
    public void CompleteWrite(long result)
    {
        Error = result < 0 ? (int)-result : 0;

        // The arguments have been taken over, so their place is free; Data may still be on its way to the peer.
        Payload = Header + FuseWire.InHeaderBytes;
        *(FuseWire.WriteOut*)Payload = new FuseWire.WriteOut { Size = result < 0 ? 0 : (uint)result };
        PayloadBytes = result < 0 ? 0 : (uint)sizeof(FuseWire.WriteOut);
    }

    /// <summary>Takes the result of a flush: 0 or -errno.</summary>
    public void CompleteFlush(long result)
    {
        Error = result < 0 ? (int)-result : 0;
        PayloadBytes = 0;
    }

    /// <summary>The reply as the shim sends it.</summary>
    public readonly NativeReply ToReply() => new()
    {
        Unique = Unique,
        Error = Error,
        PayloadBytes = Error == 0 ? PayloadBytes : 0,
        Payload = Payload,
    };

    internal T* Answer<T>()
        where T : unmanaged
    {
        Payload = Data;
        PayloadBytes = (uint)sizeof(T);
        *(T*)Data = default;
        return (T*)Data;
    }

    internal void Clear()
    {
        Unique = 0;
        Opcode = 0;
        Node = null;
        Handle = null;
        Descriptor = -1;
        Offset = Bytes = 0;
        Range = RangeChange.None;
        AllocateMode = 0;
        Durable = DataOnly = Direct = DropsPrivileges = false;
        Change = FurtherChange = null;
        Error = Refusal = 0;
        PayloadBytes = 0;
        Payload = null;
    }
}
