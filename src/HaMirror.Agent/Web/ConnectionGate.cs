// Accepts TCP connections on addresses that may change while the agent runs. Invariants: at most `most` connections are open, and half
// as many from one address, so that nobody alone keeps all others out; one that has not become a stream of the API after
// HandshakeTimeout is closed; an address that cannot be had, or that is listened on no more, is tried again.
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace HaMirror.Agent.Web;

/// <summary>Listens on a changing set of addresses.</summary>
/// <param name="name">For the log: what cannot be listened for.</param>
/// <param name="most">Open connections.</param>
/// <param name="welcome">Turns a socket into a served connection; completes when it is over. Owns the socket.</param>
internal sealed class ConnectionGate(
    string name, int most, Func<Socket, CancellationToken, Task> welcome, Action<string, IPEndPoint, string> failed) : IDisposable
{
    public static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    private readonly Dictionary<IPEndPoint, Socket> _open = [];
    private readonly ConcurrentDictionary<Socket, bool> _ended = new();
    private readonly HashSet<IPEndPoint> _told = [];
    private readonly SemaphoreSlim _places = new(most);
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _callers = [];

    /// <summary>Where it listens now.</summary>
    public IReadOnlyCollection<IPEndPoint> Open => _open.Keys;

    /// <summary>Listens on exactly these from now on, as far as they can be had. Not from two threads.</summary>
    public void Listen(IReadOnlyCollection<IPEndPoint> wanted)
    {
        foreach (var ended in _open.Where(one => _ended.TryRemove(one.Value, out _)).Select(one => one.Key).ToArray())
        {
            _open.Remove(ended, out var socket);
            socket!.Dispose();
            failed(name, ended, "it was listened on no more");
        }

        foreach (var gone in _open.Keys.Except(wanted).ToArray())
        {
            _open.Remove(gone, out var socket);
            socket!.Dispose();
        }

        foreach (var address in wanted.Except(_open.Keys).ToArray())
        {
            if (TryOpen(address) is not { } socket) continue;
            _open[address] = socket;
            _told.Remove(address);
            _ = AcceptAsync(socket);
        }
    }

    public void Dispose()
    {
        Listen([]);
    }

    private Socket? TryOpen(IPEndPoint address)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            if (address.Address.Equals(IPAddress.IPv6Any)) socket.DualMode = true;
            socket.Bind(address);
            socket.Listen(64);
            return socket;
        }
        catch (SocketException error)
        {
            socket?.Dispose();
            if (_told.Add(address)) failed(name, address, error.Message);
            return null;
        }
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await listener.AcceptAsync();
            }
            catch (Exception error) when (error is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return; // Closed on purpose.
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.InvalidArgument)
            {
                _ended[listener] = true; // Somebody ended it from outside: the next look makes another one.
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100)); // Out of descriptors, most likely: it must not spin.
                continue;
            }

            if (Enter(socket) is { } caller) _ = ServeAsync(socket, caller);
            else socket.Dispose();
        }
    }

    /// <returns>Null: there is no place for it, or it has left already.</returns>
    private IPAddress? Enter(Socket socket)
    {
        IPAddress caller;
        try
        {
            caller = ((IPEndPoint)socket.RemoteEndPoint!).Address;
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            return null;
        }

        lock (_lock)
        {
            var own = _callers.GetValueOrDefault(caller);
            if (own >= most / 2 || !_places.Wait(TimeSpan.Zero)) return null;
            _callers[caller] = own + 1;
            return caller;
        }
    }

    private void Leave(IPAddress caller)
    {
        lock (_lock)
        {
            if (--_callers[caller] == 0) _callers.Remove(caller);
            _places.Release();
        }
    }

    private async Task ServeAsync(Socket socket, IPAddress caller)
    {
        await Task.Yield();
        using var deadline = new CancellationTokenSource(HandshakeTimeout);
        try
        {
            socket.NoDelay = true;
            await welcome(socket, deadline.Token);
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException or OperationCanceledException
            or System.Security.Authentication.AuthenticationException)
        {
            // A caller who does not finish the handshake: nothing of the agent's concern, and a scan makes thousands of them.
        }
        finally
        {
            socket.Dispose();
            Leave(caller);
        }
    }
}
