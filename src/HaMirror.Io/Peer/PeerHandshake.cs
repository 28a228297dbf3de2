// The first frames of a connection, made by a thread that may wait, within one deadline.
//
//   who dials                          who listens
//   (TLS 1.3 handshake, when encrypted)
//   Hello          ------------------>
//                  <------------------  Hello            or Bye: another version, cluster, module
//   Introduction   ------------------>
//                  <------------------  Introduction     or Bye: not proven, not wanted
//
// Invariant: nothing behind the last handshake frame is received: it belongs to whoever owns the link.
using System.Security.Cryptography;
using System.Text;
using HaMirror.Core.Machine;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Io.Peer;

/// <summary>One handshake on one connection. Each step returns false with <see cref="Failure"/> set.</summary>
/// <param name="deadline">In ms of <see cref="Environment.TickCount64"/>.</param>
/// <param name="cancel">An eventfd that ends the handshake when it becomes readable.</param>
internal sealed unsafe class PeerHandshake(PeerConnection connection, PeerIdentity identity, bool dialler, long deadline, int cancel)
{
    /// <summary>No handshake frame is larger: a stranger cannot make this end hold more.</summary>
    private const int PayloadBytesMax = 8192;

    private readonly byte[] _frame = new byte[FrameHeader.Size + PayloadBytesMax];
    private byte[] _ownHello = [];
    private byte[] _otherHello = [];

    /// <summary>Why a step failed, as a sentence.</summary>
    public string Failure { get; private set; } = "";

    /// <summary>What the other end said of itself (control connections, after <see cref="ReadIntroduction"/>).</summary>
    public PeerHello? Peer { get; private set; }

    /// <summary>The other end's hello, after <see cref="ReadHello"/>.</summary>
    public HelloFrame? Other { get; private set; }

    /// <summary>TLS, when the identity asks for it.</summary>
    public bool Secure()
    {
        if (!identity.Encryption)
            return true;
        while (true)
            switch (connection.Handshake())
            {
                case 0:
                    return true;
                case 1:
                    if (!Wait(NativePoll.In))
                        return false;
                    break;
                case 2:
                    if (!Wait(NativePoll.Out))
                        return false;
                    break;
                case -Errno.EKEYREJECTED:
                    return Fail($"{connection.Remote} holds another cluster key or belongs to another cluster; "
                        + "join the node again with 'hamirror cluster join'.");
                case var error:
                    return Fail($"The encrypted connection to {connection.Remote} could not be made: "
                        + $"{Errno.Describe(-error)}. Both nodes must have the same cluster key and the same "
                        + "'encryption' in userconfig.xml.");
            }
    }

    public bool SendHello(ConnectionKind kind, ulong session)
    {
        var hello = new HelloFrame(WireProtocol.Version, kind, identity.Cluster, session,
            RandomNumberGenerator.GetBytes(HelloFrame.NonceBytes), identity.Module);
        var payload = new byte[HelloFrame.BytesMax];
        var bytes = hello.Write(payload);
        if (bytes == 0)
            return Fail($"The module's name '{identity.Module}' is longer than {WireProtocol.NameBytesMax} bytes.");
        _ownHello = payload[..bytes];
        return Send(FrameType.Hello, _ownHello);
    }

    public bool ReadHello()
    {
        if (!Receive(FrameType.Hello, out var payload))
            return false;
        _otherHello = payload.ToArray();
        Other = HelloFrame.Read(payload);
        return Other is not null || Fail($"What {connection.Remote} sent first is not a HaMirror hello.");
    }

    /// <summary>Null, or why this end cannot talk to the other, as a sentence for the operator over there.</summary>
    public string? Objection()
    {
        var other = Other!;
        if (other.Version != WireProtocol.Version)
            return $"This node speaks version {WireProtocol.Version} of the replication protocol, the other {other.Version}: "
                + "install the same release of HaMirror on both.";
        if (other.Cluster != identity.Cluster)
            return $"This node belongs to cluster {identity.Cluster}, the other to {other.Cluster}: "
                + "join it with 'hamirror cluster join'.";
        if (other.Module != identity.Module)
            return $"This port serves module '{identity.Module}', not '{other.Module}': "
                + "the modules' ids differ between the nodes; run 'hamirror module config' on both.";
        return null;
    }

    /// <param name="own">Null on a data connection.</param>
    public bool SendIntroduction(PeerHello? own)
    {
        var payload = new byte[IntroductionFrame.BytesMax];
        var bytes = IntroductionFrame.Write(payload, identity.Key.Span, dialler, DiallerHello, ListenerHello, own);
        return bytes > 0
            ? Send(FrameType.Introduction, payload.AsSpan(0, bytes))
            : Fail($"The node's name '{own?.NodeName}' is longer than {WireProtocol.NameBytesMax} bytes.");
    }

    /// <param name="control">The introduction must have a content.</param>
    public bool ReadIntroduction(bool control)
    {
        if (!Receive(FrameType.Introduction, out var payload))
            return false;
        if (!IntroductionFrame.IsProven(payload, identity.Key.Span, !dialler, DiallerHello, ListenerHello))
            return Fail($"{connection.Remote} did not prove that it holds this cluster's key; "
                + "join the node again with 'hamirror cluster join'.");
        if (control)
            Peer = IntroductionFrame.Read(payload);
        return !control || Peer is not null || Fail($"The introduction of {connection.Remote} is damaged.");
    }

    /// <summary>Tells the other end why not. Whether it arrives is not this end's concern.</summary>
    public void Refuse(string sentence)
    {
        var bytes = Encoding.UTF8.GetBytes(sentence);
        Send(FrameType.Bye, bytes.AsSpan(0, Math.Min(bytes.Length, PayloadBytesMax)));
    }

    private ReadOnlySpan<byte> DiallerHello => dialler ? _ownHello : _otherHello;

    private ReadOnlySpan<byte> ListenerHello => dialler ? _otherHello : _ownHello;

    private bool Send(FrameType type, ReadOnlySpan<byte> payload)
    {
        new FrameHeader(type, FrameFlags.None, payload.Length, Crc32C.Compute(payload), 0, 0, 0, 0).Write(_frame);
        payload.CopyTo(_frame.AsSpan(FrameHeader.Size));
        fixed (byte* bytes = _frame)
            for (var sent = 0; sent < FrameHeader.Size + payload.Length;)
            {
                var part = new NativeVector { Data = bytes + sent, Bytes = (nuint)(FrameHeader.Size + payload.Length - sent) };
                var taken = connection.Send(&part, 1);
                if (taken < 0)
                    return Fail($"The connection to {connection.Remote} broke during the hello: {Errno.Describe((int)-taken)}.");
                if (taken == 0 && !Wait(NativePoll.Out))
                    return false;
                sent += (int)taken;
            }
        return true;
    }

    private bool Receive(FrameType expected, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        if (!Receive(0, FrameHeader.Size))
            return false;
        if (FrameHeader.Read(_frame.AsSpan(0, FrameHeader.Size), out var header) != FrameReadStatus.Frame
            || header.PayloadLength > PayloadBytesMax)
            return Fail($"What {connection.Remote} sends is not HaMirror's protocol. "
                + "One node may have 'encryption' on and the other off, or the port is another program's.");
        if (!Receive(FrameHeader.Size, header.PayloadLength))
            return false;
        payload = _frame.AsSpan(FrameHeader.Size, header.PayloadLength);
        if (Crc32C.Compute(payload) != header.PayloadCrc)
            return Fail($"The hello of {connection.Remote} arrived damaged (its checksum is wrong).");
        if (header.Type == FrameType.Bye)
            return Fail($"{connection.Remote} refuses: {Encoding.UTF8.GetString(payload)}");
        return header.Type == expected
            || Fail($"{connection.Remote} sent frame {(byte)header.Type} where {expected} belongs.");
    }

    private bool Receive(int start, int bytes)
    {
        fixed (byte* frame = _frame)
            for (var got = 0; got < bytes;)
            {
                var received = connection.Receive(frame + start + got, (ulong)(bytes - got));
                if (received == 0)
                    return Fail($"{connection.Remote} closed the connection during the hello.");
                if (received == -Errno.EAGAIN)
                {
                    if (!Wait(NativePoll.In))
                        return false;
                    continue;
                }
                if (received < 0)
                    return Fail($"The connection to {connection.Remote} broke during the hello: {Errno.Describe((int)-received)}.");
                got += (int)received;
            }
        return true;
    }

    private bool Wait(short events)
    {
        var left = deadline - Environment.TickCount64;
        if (left <= 0)
            return Fail($"{connection.Remote} did not finish its hello in time.");
        var entries = stackalloc NativePoll[2];
        entries[0] = new NativePoll { Descriptor = connection.Descriptor, Events = events };
        entries[1] = new NativePoll { Descriptor = cancel, Events = NativePoll.In };
        var ready = Shim.Poll(entries, 2, (int)left);
        if (ready < 0)
            return Fail($"Waiting for {connection.Remote} failed: {Errno.Describe(-ready)}.");
        return entries[1].Happened == 0 || Fail($"The hello with {connection.Remote} was given up.");
    }

    /// <summary>Records a failure that the caller found.</summary>
    public bool Fail(string sentence)
    {
        Failure = sentence;
        return false;
    }
}
