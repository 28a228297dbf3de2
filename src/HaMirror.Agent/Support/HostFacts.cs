// What /v1/facts says of the machine: read from /proc and the like each time it is asked; what cannot be read is left empty.
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Web;
using HaMirror.Core.Api;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Support;

/// <summary>Facts of this node for people who look after it.</summary>
internal sealed class HostFacts(AgentFiles files, NodeService node, ConsoleAddresses consoles, WebListener web, WebCertificate certificate, TimeProvider clock)
{
    private const int BytesPerKibibyte = 1024;

    public NodeFacts Now()
    {
        var status = node.Status();
        return new NodeFacts(
            status.Node, Environment.MachineName, status.Version, status.Started, Field("/etc/os-release", "PRETTY_NAME=").Trim('"'),
            Text("/proc/sys/kernel/osrelease").Trim(), Field("/proc/cpuinfo", "model name").TrimStart(':', ' ', '\t'), Environment.ProcessorCount,
            Memory(), Booted(), clock.GetUtcNow(), Free(), consoles.Own, web.Configuration.Enabled ? Certificate() : null);
    }

    private CertificateStatus? Certificate()
    {
        if (!File.Exists(certificate.CertificateFile) || certificate.Current is not { } current) return null;
        var names = current.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(extension => extension.EnumerateDnsNames().Concat(extension.EnumerateIPAddresses().Select(address => address.ToString())));
        return new CertificateStatus(
            current.Subject, current.Issuer, string.Join(':', current.GetCertHash(HashAlgorithmName.SHA256).Select(octet => octet.ToString("X2", CultureInfo.InvariantCulture))),
            new DateTimeOffset(current.NotBefore.ToUniversalTime()), new DateTimeOffset(current.NotAfter.ToUniversalTime()), [.. names], WebCertificate.IsSelfMade(current));
    }

    private static long Memory() =>
        long.TryParse(Field("/proc/meminfo", "MemTotal:").Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture, out var kibibytes) ? kibibytes * BytesPerKibibyte : 0;

    private static DateTimeOffset Booted() =>
        long.TryParse(Field("/proc/stat", "btime").Trim(), CultureInfo.InvariantCulture, out var seconds) ? DateTimeOffset.FromUnixTimeSeconds(seconds) : DateTimeOffset.UnixEpoch;

    private long? Free()
    {
        try
        {
            return new DriveInfo(files.StateDirectory).AvailableFreeSpace;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null; // The disk says nothing now.
        }
    }

    /// <summary>What stands behind a key at a line's beginning; empty when no line begins so.</summary>
    private static string Field(string path, string key) =>
        Text(path).Split('\n').FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal)) is { } line ? line[key.Length..] : "";

    private static string Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return ""; // A system without it: the fact is left out.
        }
    }
}
