// What is thrown when libvirt is missing, refuses, or does not answer.
namespace HaMirror.Io.Libvirt;

/// <summary>A failure of libvirt; the message is a sentence for an operator.</summary>
public sealed class LibvirtException(string message) : IOException(message);
