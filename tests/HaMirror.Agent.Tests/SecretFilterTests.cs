using HaMirror.Agent.Support;

namespace HaMirror.Agent.Tests;

public sealed class SecretFilterTests
{
    private readonly SecretFilter _filter = new(["pbkdf2-sha512$250000$c2FsdA$aGFzaGhhc2hoYXNo", "aGFzaGhhc2hoYXNo"]);

    [Theory]
    [InlineData("stored aGFzaGhhc2hoYXNo there", "aGFz")]
    [InlineData("{\"secret\":\"pbkdf2-sha512$250000$c2FsdA$aGFzaGhhc2hoYXNo\"}", "aGFz")]
    [InlineData("key hmk1-AbCdEf012345_xyz in use", "AbCdEf")]
    [InlineData("session hms1.eyJuYW1l.c2lnbmF0dXJl ended", "c2lnb")]
    [InlineData("token hmj1-AAAABBBBCCCC", "AAAABBBB")]
    [InlineData("Authorization: Bearer abcdefgh12345", "abcdefgh")]
    [InlineData("get https://anna:hunter22@example.org/x", "hunter22")]
    [InlineData("DB_PASSWORD=hunter22 ./start", "hunter22")]
    [InlineData("password: hunter22", "hunter22")]
    [InlineData("mysql --password hunter22", "hunter22")]
    [InlineData("<macro name=\"MAIL_PASSWORD\" value=\"hunter22\"/>", "hunter22")]
    [InlineData("<var name='api_token' value='hunter22'/>", "hunter22")]
    [InlineData("<x password=\"hunter22\"/>", "hunter22")]
    [InlineData("-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIA==\n-----END EC PRIVATE KEY-----", "MHcC")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMHcCAQEEIA==", "MHcC")]
    public void Secret_InAnyForm_IsTakenOut(string text, string secret)
    {
        var clean = _filter.Clean(text);
        Assert.DoesNotContain(secret, clean);
        Assert.Contains("(removed)", clean);
    }

    [Theory]
    [InlineData("2026-11-26T05:10:15.816+00:00 Event Action prim called by test@lab")]
    [InlineData("Module m1: n1 is the source for n2 because n2 was never synchronised; everything is compared.")]
    [InlineData("<replicated dir=\"/var/lib/x\"/>")]
    [InlineData("user anna Admin changed 2026-11-26T05:10:15.8160000+00:00")]
    [InlineData("tcp LISTEN 0 512 127.0.0.1:9010 users:((\"hamirrord\",pid=1,fd=2))")]
    public void Text_WithoutASecret_StaysAsItIs(string text) => Assert.Equal(text, _filter.Clean(text));

    [Fact]
    public void Webhook_KeepsItsHostAlone() =>
        Assert.Equal("<webhook url=\"https://hooks.example.org/(removed)\"/>", _filter.CleanNotify("<webhook url=\"https://hooks.example.org/services/T0/B1/secret\"/>"));
}
