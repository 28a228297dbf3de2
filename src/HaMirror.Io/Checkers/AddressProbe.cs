using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace HaMirror.Io.Checkers;

/// <summary>An address that this node must have; with <paramref name="linkUp"/> on an interface whose link is up.</summary>
public sealed class AddressProbe(string address, bool linkUp) : IProbe
{
    public async Task<Look> LookAsync(CancellationToken cancellation)
    {
        try
        {
            var wanted = IPAddress.TryParse(address, out var literal)
                ? [literal]
                : await Dns.GetHostAddressesAsync(address, cancellation).ConfigureAwait(false);
            var owner = NetworkInterface.GetAllNetworkInterfaces().FirstOrDefault(candidate =>
                candidate.GetIPProperties().UnicastAddresses.Any(own => wanted.Any(one => SameAddress(one, own.Address))));
            if (owner is null)
            {
                return new Look(false, $"no interface of this node has the address {address}");
            }

            // The loopback interface and bridges without a member say Unknown while they work.
            var up = !linkUp || owner.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown;
            return new Look(up, $"interface {owner.Name} with {address} is {(up ? "up" : "down")}");
        }
        catch (Exception failure) when (failure is SocketException or NetworkInformationException)
        {
            return new Look(false, $"{address}: {failure.Message}");
        }
    }

    // A link-local address carries its interface's number, which nobody writes into a configuration.
    private static bool SameAddress(IPAddress wanted, IPAddress own) => wanted.GetAddressBytes().AsSpan().SequenceEqual(own.GetAddressBytes());
}
