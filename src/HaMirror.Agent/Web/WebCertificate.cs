// console.crt and console.key below /etc/hamirror, PEM. Made when there is none, and made anew when the node's names change and
// it is still our own; a certificate of the operator's is never touched. Read again when a file changes, without a restart.
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using HaMirror.Agent.Logging;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Web;

/// <summary>The certificate of the console.</summary>
internal sealed class WebCertificate(AgentFiles files, ILogger<WebCertificate> log, TimeProvider clock)
{
    /// <summary>Marks a certificate as one that HaMirror made and may replace.</summary>
    private const string OwnOrganization = "HaMirror self-signed";

    private static readonly TimeSpan Validity = TimeSpan.FromDays(3650);

    private readonly Lock _lock = new();
    private X509Certificate2? _current;
    private (DateTime Certificate, DateTime Key) _read;

    public string CertificateFile => $"{files.ConfigurationDirectory}/console.crt";

    public string KeyFile => $"{files.ConfigurationDirectory}/console.key";

    /// <summary>Null when the files cannot be read; the log says why.</summary>
    public X509Certificate2? Current
    {
        get
        {
            lock (_lock)
            {
                var written = (File.GetLastWriteTimeUtc(CertificateFile), File.GetLastWriteTimeUtc(KeyFile));
                if (_current is not null && written == _read) return _current;
                _read = written;
                return _current = Read() ?? _current; // A certificate that is half replaced: the old one goes on.
            }
        }
    }

    /// <summary>HaMirror made it.</summary>
    public static bool IsSelfMade(X509Certificate2 certificate) => certificate.Subject.Contains(OwnOrganization, StringComparison.Ordinal);

    /// <summary>Sees to it that there is one with these names.</summary>
    /// <param name="names">DNS names and addresses of this node.</param>
    public void Ensure(IReadOnlyCollection<string> names)
    {
        lock (_lock)
        {
            if (File.Exists(CertificateFile) && File.Exists(KeyFile) && !IsOwnWithout(names)) return;
            var (certificate, key) = Make(names);
            AtomicFile.Replace(KeyFile, Encoding.ASCII.GetBytes(key));
            AtomicFile.Replace(CertificateFile, Encoding.ASCII.GetBytes(certificate));
        }
    }

    /// <summary>A self-signed pair in PEM.</summary>
    internal (string Certificate, string Key) Make(IReadOnlyCollection<string> names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(names.First());
        subject.AddOrganizationName(OwnOrganization);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address)) alternatives.AddIpAddress(address);
            else alternatives.AddDnsName(name);
        }

        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false)); // server
        var now = clock.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now + Validity);
        return (made.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    private bool IsOwnWithout(IEnumerable<string> names)
    {
        try
        {
            using var present = X509Certificate2.CreateFromPem(File.ReadAllText(CertificateFile));
            if (!IsSelfMade(present)) return false;
            var alternatives = present.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
            var known = alternatives.EnumerateDnsNames().Concat(alternatives.EnumerateIPAddresses().Select(address => address.ToString()));
            return names.Except(known, StringComparer.OrdinalIgnoreCase).Any() || present.NotAfter < clock.GetUtcNow().AddDays(30).LocalDateTime;
        }
        catch (Exception error) when (error is CryptographicException or IOException or InvalidOperationException)
        {
            return false; // Not ours to replace; reading it will say what is wrong with it.
        }
    }

    private X509Certificate2? Read()
    {
        try
        {
            using var pair = X509Certificate2.CreateFromPemFile(CertificateFile, KeyFile);
            return X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null);
        }
        catch (Exception error) when (error is CryptographicException or IOException or UnauthorizedAccessException)
        {
            log.CertificateRefused(CertificateFile, error.Message);
            return null;
        }
    }
}
