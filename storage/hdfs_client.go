package storage

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/colinmarc/hdfs/v2"
	"github.com/colinmarc/hdfs/v2/hadoopconf"
	krb5 "github.com/jcmturner/gokrb5/v8/client"
	krb5config "github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/credentials"
	"github.com/jcmturner/gokrb5/v8/keytab"
)

const namenodePort = "8020"

// hdfsConfig is what a client is opened with.
type hdfsConfig struct {
	host             string // and port, or a nameservice; "" for the default file system
	confDir, homeDir string
	user             string
}

func hdfsConfigFromEnv(host string) hdfsConfig {
	return hdfsConfig{host, os.Getenv("HADOOP_CONF_DIR"), os.Getenv("HADOOP_HOME"), os.Getenv("HADOOP_USER_NAME")}
}

func openHDFS(config hdfsConfig) (*hdfs.Client, error) {
	conf, err := config.load()
	if err != nil {
		return nil, err
	}
	options := hdfs.ClientOptionsFromConf(conf)
	options.NamenodeDialFunc, options.DatanodeDialFunc = dial, dial
	if options.Addresses, err = namenodes(conf, config.host); err != nil {
		return nil, err
	}
	if options.KerberosClient != nil {
		if options.KerberosServicePrincipleName == "" {
			return nil, errors.New("the Hadoop configuration turns Kerberos on, but hdfs-site.xml has no dfs.namenode.kerberos.principal")
		}
		if options.KerberosClient, err = loginKerberos(); err != nil {
			return nil, err
		}
	} else if options.User = config.user; options.User == "" {
		u, err := user.Current()
		if err != nil {
			return nil, fmt.Errorf("who runs this is not known: %w; set HADOOP_USER_NAME", err)
		}
		options.User = u.Username
	}
	client, err := hdfs.NewClient(options)
	if err == nil {
		if _, err = client.ServerDefaults(); err == nil { // kept by the client
			return client, nil
		}
		client.Close()
	}
	return nil, fmt.Errorf("cannot reach the namenode %s: %w; check the address, which is that of the RPC port (often 8020), and the network, or name the configuration by HADOOP_CONF_DIR",
		strings.Join(options.Addresses, " or "), err)
}

// load reads the first Hadoop configuration that there is.
func (c hdfsConfig) load() (hadoopconf.HadoopConf, error) {
	dirs := []string{c.confDir}
	if c.confDir == "" {
		dirs = []string{"/etc/hadoop/conf"}
		if c.homeDir != "" {
			dirs = []string{filepath.Join(c.homeDir, "etc", "hadoop"), filepath.Join(c.homeDir, "conf")}
		}
	}
	for _, dir := range dirs {
		conf, err := hadoopconf.Load(dir)
		if err != nil {
			return nil, fmt.Errorf("the Hadoop configuration: %w", err)
		}
		if conf != nil {
			return conf, nil
		}
	}
	return nil, nil
}

// namenodes returns the addresses behind the host of a URL.
func namenodes(conf hadoopconf.HadoopConf, host string) ([]string, error) {
	if host == "" {
		u, err := url.Parse(cmp.Or(conf["fs.defaultFS"], conf["fs.default.name"]))
		if err != nil || u.Scheme != "hdfs" || u.Host == "" {
			return nil, errors.New("the URL names no namenode and the Hadoop configuration no fs.defaultFS on HDFS: write hdfs://namenode:8020/path or set HADOOP_CONF_DIR")
		}
		host = u.Host
	}
	const key = "dfs.namenode.rpc-address."
	var addresses []string
	for id := range strings.FieldsFuncSeq(conf["dfs.ha.namenodes."+host], func(r rune) bool { return r == ',' || r == ' ' }) {
		if address := conf[key+host+"."+id]; address != "" {
			addresses = append(addresses, address)
		}
	}
	switch {
	case len(addresses) > 0:
		return addresses, nil
	case conf[key+host] != "":
		return []string{conf[key+host]}, nil
	}
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(strings.Trim(host, "[]"), namenodePort)
	}
	return []string{host}, nil
}

// loginKerberos returns a client with the credentials that the environment names.
func loginKerberos() (*krb5.Client, error) {
	name := cmp.Or(os.Getenv("KRB5_CONFIG"), "/etc/krb5.conf")
	conf, err := krb5config.Load(name)
	if err != nil {
		return nil, fmt.Errorf("the Kerberos configuration %s: %w; KRB5_CONFIG names another", name, err)
	}
	if name := cmp.Or(os.Getenv("KRB5_CLIENT_KTNAME"), os.Getenv("KRB5_KTNAME")); name != "" {
		return loginKeytab(conf, strings.TrimPrefix(name, "FILE:"))
	}
	cache := strings.TrimPrefix(cmp.Or(os.Getenv("KRB5CCNAME"), filepath.Join(os.TempDir(), "krb5cc_"+strconv.Itoa(os.Getuid()))), "FILE:")
	if kind, _, ok := strings.Cut(cache, ":"); ok && kind != "" && !filepath.IsAbs(cache) {
		return nil, fmt.Errorf("ticket caches of kind %s cannot be read: set KRB5CCNAME to a file and run kinit, or KRB5_CLIENT_KTNAME to a keytab", kind)
	}
	tickets, err := credentials.LoadCCache(cache)
	if err != nil {
		return nil, fmt.Errorf("no Kerberos ticket in %s: %w; run kinit, or set KRB5CCNAME or, to a keytab, KRB5_CLIENT_KTNAME", cache, err)
	}
	client, err := krb5.NewFromCCache(tickets, conf, krb5.DisablePAFXFAST(true))
	if err != nil {
		return nil, fmt.Errorf("the Kerberos tickets in %s: %w; run kinit", cache, err)
	}
	return client, nil
}

// loginKeytab logs in as the first principal of a keytab.
func loginKeytab(conf *krb5config.Config, name string) (*krb5.Client, error) {
	keys, err := keytab.Load(name)
	if err == nil && len(keys.Entries) == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("the keytab %s: %w", name, err)
	}
	who := keys.Entries[0].Principal
	principal := strings.Join(who.Components, "/")
	client := krb5.NewWithKeytab(principal, who.Realm, keys, conf, krb5.DisablePAFXFAST(true))
	if err := client.Login(); err != nil {
		return nil, fmt.Errorf("log in to Kerberos as %s@%s with the keytab %s: %w", principal, who.Realm, name, err)
	}
	return client, nil
}
