// Dials the peer to become its target: two connections, both with a proven hello.
// Invariant: sockets are non-blocking and polled, never given to .NET's asynchronous calls (see PeerConnection).
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using HaMirror.Core.Machine;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Io.Peer;

/// <summary>Makes a link as its target.</summary>
public static class PeerDialer
{
    /// <summary>Dials once. Never throws for what the network or the other end does.</summary>
    /// <param name="address">IPv4, IPv6 or a DNS name.</param>
    /// <param name="local">Address to dial from; null: the system chooses.</param>
    /// <param name="own">What this node says of its replica.</param>
    /// <param name="timeout">For everything together, name resolution included.</param>
    public static async Task<PeerDialOutcome> DialAsync(
        PeerIdentity identity, string address, int port, IPAddress? local, PeerHello own, TimeSpan timeout,
        CancellationToken cancellation)
    {
        var deadline = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        using var cancel = new WakeEvent();
        await using var registration = cancellation.Register(cancel.Set);
        IPAddress[] addresses;
        try
        {
            addresses = await Dns.GetHostAddressesAsync(address, cancellation).WaitAsync(timeout, cancellation);
        }
        catch (Exception failure) when (failure is SocketException or TimeoutException or OperationCanceledException or ArgumentException)
        {
            return Refused($"The peer's address '{address}' could not be resolved: {failure.Message}");
        }
        if (addresses.Length == 0)
            return Refused($"The peer's address '{address}' resolves to nothing.");
        // A thread of its own: the hello waits in poll, and the thread pool must not wait with it.
        return await Task.Factory.StartNew(
            () => Dial(identity, new IPEndPoint(addresses[0], port), local, own, deadline, cancel.Descriptor),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private static PeerDialOutcome Refused(string sentence) => new(null, sentence);

    private static PeerDialOutcome Dial(
        PeerIdentity identity, IPEndPoint remote, IPAddress? local, PeerHello own, long deadline, int cancel)
    {
        var session = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
        var control = Connect(identity, remote, local, deadline, cancel, out var refusal);
        if (control is null)
            return Refused(refusal);
        PeerConnection? data = null;
        var hello = new PeerHandshake(control, identity, true, deadline, cancel);
        if (!Introduce(hello, ConnectionKind.Control, session, own))
            refusal = hello.Failure;
        else if ((data = Connect(identity, remote, local, deadline, cancel, out refusal)) is not null)
        {
            var second = new PeerHandshake(data, identity, true, deadline, cancel);
            if (Introduce(second, ConnectionKind.Data, session, null))
                return new PeerDialOutcome(new PeerLink(false, hello.Peer!, data, control), null);
            refusal = second.Failure;
        }
        data?.Dispose();
        control.Dispose();
        return Refused(refusal);
    }

    private static bool Introduce(PeerHandshake hello, ConnectionKind kind, ulong session, PeerHello? own)
    {
        if (!hello.Secure() || !hello.SendHello(kind, session) || !hello.ReadHello())
            return false;
        if (hello.Objection() is not { } objection)
            return hello.SendIntroduction(own) && hello.ReadIntroduction(kind == ConnectionKind.Control);
        hello.Refuse(objection);
        hello.Fail(objection);
        return false;
    }

    private static unsafe PeerConnection? Connect(
        PeerIdentity identity, IPEndPoint remote, IPAddress? local, long deadline, int cancel, out string refusal)
    {
        var socket = new Socket(remote.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        try
        {
            if (local is not null)
                socket.Bind(new IPEndPoint(local, 0));
            try
            {
                socket.Connect(remote);
            }
            catch (SocketException failure) when (failure.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                // Expected of a non-blocking socket: the poll below tells how it ends.
            }
            var entries = stackalloc NativePoll[2];
            entries[0] = new NativePoll { Descriptor = (int)socket.SafeHandle.DangerousGetHandle(), Events = NativePoll.Out };
            entries[1] = new NativePoll { Descriptor = cancel, Events = NativePoll.In };
            var ready = Shim.Poll(entries, 2, (int)Math.Max(0, deadline - Environment.TickCount64));
            if (ready <= 0 || entries[0].Happened == 0)
                throw new SocketException((int)(ready == 0 ? SocketError.TimedOut : SocketError.OperationAborted));
            var error = (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
            if (error != 0)
                throw new SocketException(error);
            refusal = "";
            return new PeerConnection(socket, false, identity);
        }
        catch (SocketException failure)
        {
            socket.Dispose();
            refusal = $"The peer at {remote} cannot be reached: {failure.Message}.";
            return null;
        }
    }
}
