package storage

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	amazonS3 = "https://s3.amazonaws.com"
	// s3Retries is how often a request is sent that meets a busy server or a
	// broken connection.
	s3Retries = 5
)

// s3Config is what the environment says of the server and its user. Secrets are
// read where they are needed.
type s3Config struct {
	endpoint string // a URL
	region   string // "" where Amazon's servers are to be asked
	keyID    string
	profile  string
}

func s3ConfigFromEnv() s3Config {
	return s3Config{
		endpoint: cmp.Or(os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_ENDPOINT_URL"), amazonS3),
		region:   cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")),
		keyID:    os.Getenv("AWS_ACCESS_KEY_ID"),
		profile:  os.Getenv("AWS_PROFILE"),
	}
}

// s3Client makes the requests to one server as one user.
type s3Client struct {
	minio.Core
	identity string // what the requests are signed with, for errors
}

func openS3(config s3Config) (*s3Client, error) {
	u, err := url.Parse(config.endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("AWS_ENDPOINT_URL is %q: want a URL such as https://s3.example.org:9000", redacted(config.endpoint))
	}
	lookup := minio.BucketLookupAuto
	if config.endpoint != amazonS3 {
		lookup = minio.BucketLookupPath
		config.region = cmp.Or(config.region, "us-east-1")
	}
	signer, identity := findCredentials(config)
	core, err := minio.NewCore(u.Host, &minio.Options{
		Creds:        signer,
		Secure:       u.Scheme == "https",
		Region:       config.region,
		BucketLookup: lookup,
		MaxRetries:   s3Retries,
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           dial,
			TLSHandshakeTimeout:   dialTimeout,
			ResponseHeaderTimeout: idleTimeout,
			IdleConnTimeout:       idleTimeout,
			MaxIdleConnsPerHost:   16,
			DisableCompression:    true, // ranges count the bytes of the object itself
		},
	})
	if err != nil {
		return nil, fmt.Errorf("client of %s: %w", u.Host, err)
	}
	return &s3Client{Core: *core, identity: identity}, nil
}

// findCredentials returns the first credentials that there are, and in words which.
func findCredentials(config s3Config) (signer *credentials.Credentials, identity string) {
	profile := cmp.Or(config.profile, "default")
	// Outside of Amazon's machines nobody answers at the metadata address.
	client := &http.Client{Timeout: 5 * time.Second, Transport: http.DefaultTransport}
	sources := []struct {
		name     string
		provider credentials.Provider
	}{
		{"the key of AWS_ACCESS_KEY_ID", &credentials.EnvAWS{}},
		{"the key of profile " + profile + " in the shared credentials files", &credentials.FileAWSCredentials{}},
		{"the key of the web identity, container or machine role", &credentials.IAM{Client: client, Region: config.region}},
	}
	if os.Getenv("AWS_EC2_METADATA_DISABLED") == "true" && os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") == "" {
		sources = sources[:2]
	}
	for _, source := range sources {
		signer := credentials.New(source.provider)
		value, err := signer.GetWithContext(&credentials.CredContext{Client: client})
		if err == nil && value.AccessKeyID != "" && value.SecretAccessKey != "" {
			return signer, source.name
		}
	}
	return credentials.NewStatic("", "", "", credentials.SignatureAnonymous),
		"no credentials: looked for AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, profile " + profile +
			" in the shared credentials files, AWS_WEB_IDENTITY_TOKEN_FILE and the role of the container or machine"
}

// bare returns a request's error without its URL.
func bare(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
