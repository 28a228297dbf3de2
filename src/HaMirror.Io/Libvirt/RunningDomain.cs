// A running VM as libvirt describes it, reduced to what the agent asks: which files does it hold?
using System.Collections.Immutable;
using System.Xml;
using System.Xml.Linq;

namespace HaMirror.Io.Libvirt;

/// <summary>A running domain.</summary>
/// <param name="Uuid">Stays the same over renames.</param>
/// <param name="Name">As in <c>virsh list</c>.</param>
/// <param name="Files">Paths of its disks, of their backing files and of its NVRAM, as its XML writes them.</param>
public sealed record RunningDomain(Guid Uuid, string Name, ImmutableArray<string> Files)
{
    /// <summary>True when one of the domain's files lies in <paramref name="directory"/> or below. The texts are compared:
    /// looking a path up could wait for a mount that hangs.</summary>
    /// <param name="directory">An absolute path without symbolic links.</param>
    public bool Uses(string directory)
    {
        var beneath = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        beneath = beneath == "/" ? beneath : beneath + "/";
        return Files.Any(file => Path.GetFullPath(file).StartsWith(beneath, StringComparison.Ordinal));
    }

    /// <summary>Reads a domain's XML.</summary>
    /// <exception cref="LibvirtException">It is not what libvirt promises.</exception>
    internal static RunningDomain Read(Guid uuid, string name, string xml)
    {
        try
        {
            using var reader = XmlReader.Create(
                new StringReader(xml), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            var domain = XElement.Load(reader);
            var disks = domain.Elements("devices").Elements("disk").Descendants("source")
                .SelectMany(source => new[] { (string?)source.Attribute("file"), (string?)source.Attribute("dev") });
            var firmware = domain.Elements("os").Elements("nvram").Select(nvram => (string?)nvram);
            return new RunningDomain(
                uuid, name, [.. disks.Concat(firmware).OfType<string>().Where(path => path.StartsWith('/')).Distinct()]);
        }
        catch (XmlException e)
        {
            throw new LibvirtException($"The description that libvirt gives of the VM {name} is no XML ({e.Message}).");
        }
    }
}
